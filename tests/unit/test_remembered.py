"""What is remembered of the database: fresh for a while, and during an outage what was known last."""

from collections.abc import Callable

import pytest

from crm_core.errors import Unavailable
from crm_core.infra.remembered import RETRY_S, Remembered

REMEMBERED_S = 5.0


class Source:
    """Counts how often it was read, and may be away; with it the time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.read_times = 0
        self.is_away = False

    def read(self) -> int:
        self.read_times += 1
        if self.is_away:
            raise Unavailable("away")
        return self.read_times

    def remembered(self) -> Callable[[], int]:
        self.held = Remembered(self.read, for_s=REMEMBERED_S, clock=lambda: self.now_s)
        return self.held.get


def test_it_is_read_once_in_five_seconds() -> None:
    source = Source()
    get = source.remembered()
    assert [get(), get()] == [1, 1]
    source.now_s += REMEMBERED_S
    assert get() == 2


def test_an_outage_leaves_the_last_value_and_reports_the_failure_until_it_is_over() -> None:
    source = Source()
    get = source.remembered()
    get()
    source.is_away, source.now_s = True, source.now_s + REMEMBERED_S
    assert [get(), get()] == [1, 1]
    assert source.read_times == 2  # not waited for a second time at once
    assert str(source.held.failure) == "away"
    source.is_away, source.now_s = False, source.now_s + 1
    assert get() == 3
    assert source.held.failure is None


def test_with_nothing_known_the_failure_is_raised_and_not_retried_at_once() -> None:
    source = Source()
    source.is_away = True
    get = source.remembered()
    for _ in range(2):
        with pytest.raises(Unavailable, match="away"):
            get()
    assert source.read_times == 1


def test_one_caller_is_told_to_read_it_again_while_others_go_on_for_a_second() -> None:
    source = Source()
    get = source.remembered()
    assert source.held.claim() is None, "nothing is known yet"
    get()
    assert source.held.claim() == 1
    source.now_s += REMEMBERED_S
    assert [source.held.claim(), source.held.claim()] == [None, 1]
    source.now_s += RETRY_S
    assert source.held.claim() is None, "whoever was to read it has not"
    assert [get(), source.held.claim()] == [2, 2]


def test_what_is_forgotten_is_not_given_to_anybody() -> None:
    source = Source()
    get = source.remembered()
    get()
    source.now_s += REMEMBERED_S
    assert source.held.claim() is None
    get()
    source.held.forget()
    assert source.held.claim() is None
