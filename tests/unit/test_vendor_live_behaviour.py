"""What a vendor that is killed and started again behaves like: a real file, a clock of the test."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from crm_core.errors import InvalidInput
from workers.vendor.live_behaviour import LiveBehaviour
from workers.vendor.store import VendorStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vendor.sqlite"


@contextmanager
def started(path: Path, now_s: float = 0.0, **told: object) -> Iterator[LiveBehaviour]:
    with closing(VendorStore(path)) as store:
        yield LiveBehaviour(store, told, lambda: now_s)


def test_what_was_told_at_run_time_outlives_a_restart_with_the_same_options(path: Path) -> None:
    with started(path, success_rate=0.5) as behaviour:
        behaviour.change({"success_rate": 0.1, "latency_ms": 40})
    with started(path, success_rate=0.5) as again:
        assert (again.now.success_rate, again.now.latency_ms) == (0.1, 40)


def test_a_start_that_tells_a_field_otherwise_wins_for_that_field_only(path: Path) -> None:
    with started(path, success_rate=0.5) as behaviour:
        behaviour.change({"success_rate": 0.1, "latency_ms": 40})
    with started(path, success_rate=0.6) as again:
        assert (again.now.success_rate, again.now.latency_ms) == (0.6, 40)


def test_what_a_start_no_longer_tells_is_as_by_default(path: Path) -> None:
    with started(path, outage="refuse", success_rate=0.5):
        pass
    with started(path, success_rate=0.5) as again:
        assert (again.now.outage, again.now.success_rate) == ("off", 0.5)


def test_an_outage_ends_by_itself_also_across_restarts(path: Path) -> None:
    with started(path, now_s=1_000) as behaviour:
        behaviour.change({"outage": "close", "outage_s": 60})
    for now_s, is_out in ((1_059, True), (1_061, False)):
        with started(path, now_s=now_s) as again:
            assert again.is_out() is is_out


def test_a_new_outage_does_not_inherit_the_length_of_the_last_one(path: Path) -> None:
    with started(path, now_s=1_000) as behaviour:
        behaviour.change({"outage": "close", "outage_s": 0})
        assert not behaviour.is_out()
        behaviour.change({"outage": "refuse"})
        assert behaviour.is_out()
        assert behaviour.now.outage_s is None
        behaviour.change({"outage": "off", "outage_s": 0})
    with started(path, outage="close") as again:
        assert again.is_out()


def test_a_bad_change_is_refused_and_changes_nothing(path: Path) -> None:
    with started(path) as behaviour:
        before = behaviour.now
        with pytest.raises(InvalidInput, match=r"success_rate .* at most 1, not 2"):
            behaviour.change({"latency_ms": 5, "success_rate": 2})
        assert behaviour.now == before
