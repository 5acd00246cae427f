"""A campaign while the vendor or Valkey misbehaves in its middle: it goes on by itself and reaches all once."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from operator import lt
from pathlib import Path
from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from crm_core.campaigns.states import CampaignState
from crm_core.services import Services
from tests.faults.campaign import (
    Audience,
    check_each_messaged_once,
    handled,
    launch,
    store_audience,
    vendor_counters,
)
from tests.running_app import RunningApp, start_app
from tests.told_vendor import behaving
from tests.waiting import eventually

AUDIENCE = Audience("faults", 2_000, opted_out=40)
QUICK = {"open_rate": 0.35, "mean_delay_ms": 50, "open_delay_ms": 50, "click_delay_ms": 50}
CASES: dict[str, Mapping[str, Any]] = {
    "is down": {"outage": "refuse", "outage_s": 5, "retry_after_s": 1},
    "closes connections": {"outage": "close", "outage_s": 5},
    "fails and says 429": {"error_rate": 0.4, "too_many_rate": 0.4, "retry_after_s": 0},
    "takes and does not say so": {"nonsense_rate": 0.4, "unanswered_rate": 0.4},
    "answers too late": {"latency_ms": 10_500, "slow_rate": 1},
    "tells twice, in disorder and late": {
        "duplicate_rate": 0.5,
        "duplicate_after_s": 0,
        "shuffle_rate": 0.5,
        "late_rate": 0.3,
        "late_hold_s": 1,
        "unknown_rate": 0.5,
        "forged_rate": 0.5,
        "replay_rate": 0.5,
        "replay_after_s": 1,
    },
}
SIGNS: dict[str, Callable[[Mapping[str, Any]], object]] = {
    "is down": lambda counted: counted["calls_refused"].get("503"),
    "closes connections": lambda counted: counted["calls_refused"].get("closed"),
    "fails and says 429": lambda counted: {"500", "429"} & counted["calls_refused"].keys(),
    "takes and does not say so": lambda counted: counted["calls_spoiled"],
    "answers too late": lambda counted: counted["received"],
    "tells twice, in disorder and late": lambda counted: counted["forged_refused"] and not counted["forged_taken"],
}
"""By what the vendor's counters show that it behaves so; a call that came while it is slow is answered too late."""

REPEATED = {"takes and does not say so", "answers too late"}
"""What a call brought that the sender could not know to be taken comes again."""


@pytest.fixture(scope="module")
def audience(running: RunningApp, client: httpx.Client) -> Audience:
    store_audience(running, client, AUDIENCE)
    return AUDIENCE


@pytest.mark.parametrize("how", CASES)
def test_a_vendor_that_misbehaves_costs_nobody_a_message_and_nobody_gets_two(
    running: RunningApp, client: httpx.Client, audience: Audience, how: str
) -> None:
    with behaving(running, **QUICK, **CASES[how]):
        campaign_id = launch(client, audience.rule)
        eventually(lambda: vendor_counters(running, campaign_id), SIGNS[how], how)
    with running.services() as services:
        check_each_messaged_once(running, services, campaign_id, audience)
    assert (how in REPEATED) <= (vendor_counters(running, campaign_id)["duplicates"] > 0)


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app that sends a campaign for four seconds, and whose Valkey has a disk of its own, which is small."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "valkey").mkdir()
    with small_disk(folder / "valkey"), start_app(folder, CRM_CHANNEL_RATES="in_app=500") as app:
        yield app


@contextmanager
def at_its_memory_limit(app: RunningApp) -> Iterator[None]:
    with app.administrator() as services:
        services.redis.config_set("maxmemory", services.redis.info("memory")["used_memory"] // 2)
        try:
            yield
        finally:
            services.redis.config_set("maxmemory", 0)


@contextmanager
def on_a_full_disk(app: RunningApp) -> Iterator[None]:
    filler = app.data_dir / "valkey" / "filler"
    fill(filler)
    try:
        yield
    finally:
        filler.unlink()


@pytest.mark.parametrize("limit", [at_its_memory_limit, on_a_full_disk])
def test_a_campaign_waits_while_valkey_takes_nothing(
    slow: RunningApp, limit: Callable[[RunningApp], AbstractContextManager[None]]
) -> None:
    audience = Audience(limit.__name__, AUDIENCE.size, AUDIENCE.opted_out)
    with slow.api(*Scope) as client, slow.services() as services:
        store_audience(slow, client, audience)
        campaign_id = launch(client, audience.rule)
        eventually(lambda: handled(services.message_log.stats(campaign_id)), what="messages")
        with limit(slow):
            wait_until_refused(client)
            assert not is_completed(services, campaign_id)
        check_each_messaged_once(slow, services, campaign_id, audience)


def wait_until_refused(client: httpx.Client) -> None:
    """The API takes nothing that it could not keep."""
    eventually(lambda: client.post("/customers", json={"id": "x"}).status_code, partial(lt, 202), "a refusal")


def is_completed(services: Services, campaign_id: str) -> bool:
    return bool(services.campaigns.get(campaign_id)["state"] == CampaignState.COMPLETED)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    """Until there is no room left."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            return
