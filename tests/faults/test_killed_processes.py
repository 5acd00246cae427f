"""``kill -9`` of a worker or a server in the middle of its work: nothing is lost, nothing is done twice."""

from pathlib import Path

import httpx
import psutil
import pytest

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.faults.campaign import (
    Audience,
    check_each_messaged_once,
    handled,
    launch,
    store_audience,
    vendor_counters,
)
from tests.faults.holding import find_consumers, frozen, wait_until_held
from tests.faults.shop import make_shop, stored_totals
from tests.running_app import RunningApp, start_worker
from tests.waiting import eventually

AUDIENCE = Audience("killed", 2_000)


@pytest.fixture(scope="module")
def audience(running: RunningApp, client: httpx.Client) -> Audience:
    store_audience(running, client, AUDIENCE)
    return AUDIENCE


@pytest.mark.parametrize("victim", ["ingest", "mongod", "valkey"])
def test_import_stores_everything_exactly_though_a_process_is_killed_in_its_middle(
    running: RunningApp, client: httpx.Client, tmp_path: Path, victim: str
) -> None:
    shop = make_shop(f"{victim}-")
    key = client.headers["Authorization"].removeprefix("Bearer ")
    with running.services() as services:
        with frozen(running, "ingest"):
            importing = running.start_command("import", str(shop.write_csv(tmp_path)), "--key", key)
            eventually(lambda: services.publisher.backlog(Stream.ORDERS), what="orders accepted")
            database = running.child("mongod")
            database.suspend()  # whatever the worker reads now, it cannot store
        wait_until_held(services, Stream.ORDERS, "ingest")
        running.kill_child(victim)
        if victim != "mongod":
            database.resume()
        _, said = importing.communicate(timeout=120)
        assert importing.returncode == 0, said
        assert "5,000 records accepted" in " ".join(said.split())
        assert stored_totals(services, shop) == shop.totals
        assert services.publisher.backlog(Stream.DEAD) == 0


def test_entries_of_a_worker_that_was_killed_for_good_are_taken_over_by_another(
    running: RunningApp, client: httpx.Client, tmp_path: Path
) -> None:
    """Nobody starts it again: its entries are claimed once they are stale."""
    shop = make_shop("second-")
    key = client.headers["Authorization"].removeprefix("Bearer ")
    second = start_worker(running, "ingest", "--instance", "2")
    try:
        with running.services() as services:
            eventually(lambda: reads(services, "-2"), what="the second worker")
            with frozen(running, "ingest"):
                psutil.Process(second.pid).suspend()
                imported = running.command("import", str(shop.write_csv(tmp_path)), "--key", key)
                assert imported.returncode == 0, imported.stderr
                with frozen(running, "mongod"):  # what it reads now, it cannot store
                    psutil.Process(second.pid).resume()
                    wait_until_held(services, Stream.ORDERS, "ingest", "-2")
                    second.kill()
            assert stored_totals(services, shop) == shop.totals
            assert services.monitor.dead_count() == 0
    finally:
        second.kill()
        second.wait()


def reads(services: Services, suffix: str) -> bool:
    """Whether an ingest worker whose name ends so has asked for orders."""
    return any(row["name"].decode().endswith(suffix) for row in find_consumers(services, Stream.ORDERS, "ingest"))


def test_a_batch_accepted_before_a_crash_is_repeated_and_reaches_nobody_twice(
    running: RunningApp, client: httpx.Client, audience: Audience
) -> None:
    delivery, vendor, receipts = (running.child(name) for name in ("delivery", "vendor", "receipts"))
    with running.services() as services:

        def is_in_between() -> bool:
            """Stop the worker and let the vendor read what it has sent; go on when that was nothing yet."""
            delivery.suspend()
            vendor.resume()
            known = handled(services.message_log.stats(campaign_id))
            if any(vendor_counters(running, campaign_id)["distinct"] > known for _ in range(20)):
                return True
            vendor.suspend()
            delivery.resume()
            return False

        receipts.suspend()  # a receipt would tell the message log
        vendor.suspend()  # it never runs while the worker runs, so that no answer can be booked
        campaign_id = launch(client, audience.rule)
        eventually(is_in_between, what="a batch that only the vendor knows")
        delivery.kill()
        eventually(
            lambda: vendor_counters(running, campaign_id),
            lambda counted: counted["received"] > counted["distinct"],
            "the batch sent again",
        )
        receipts.resume()
        check_each_messaged_once(running, services, campaign_id, audience)


def test_killed_process_is_started_again_as_another(running: RunningApp) -> None:
    before = {name: running.child(name) for name in ("workers", "jobs", "ingest", "mongod", "valkey", "vendor")}
    for process in before.values():
        process.kill()
    marks = eventually(
        lambda: running.runtime.children,
        lambda now: all(name in now and now[name].pid != process.pid for name, process in before.items()),
        "new processes",
    )
    assert all(psutil.pid_exists(marks[name].pid) for name in before)
