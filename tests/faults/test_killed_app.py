"""``kill -9`` of the whole app in the middle of an import and a campaign, and what the next start makes of it."""

import contextlib
import itertools
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import httpx
import psutil
import pytest

from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.faults.campaign import Audience, check_each_messaged_once, launch, store_audience
from tests.faults.holding import frozen, wait_until_held
from tests.faults.shop import Shop, count_orders, make_shop, stored_totals
from tests.faults.site import Site
from tests.running_app import RunningApp
from tests.waiting import eventually

AUDIENCE = Audience("crowd", 3_000)
BATCH = 25


@dataclass
class Poster:
    """Posts the orders of a shop, again and again until the API is gone. accepted: ids of those answered with 202."""

    client: httpx.Client
    shop: Shop
    accepted: set[str] = field(default_factory=set)

    def run(self) -> None:
        with contextlib.suppress(httpx.TransportError):
            for start in itertools.cycle(range(0, len(self.shop.records), BATCH)):
                records = self.shop.records[start : start + BATCH]
                answer = self.client.post("/orders", json=records)
                assert answer.status_code == 202, answer.text
                self.accepted.update(record["id"] for record in records)


@dataclass(frozen=True)
class Aftermath:
    """The app started again. survivors: processes of the killed app that were still there before that.

    refused: an import without an address, importing: one with it, both begun while nothing ran.
    """

    app: RunningApp
    services: Services
    accepted: Collection[str]
    campaign_id: str
    survivors: Sequence[psutil.Process]
    refused: subprocess.CompletedProcess[str]
    importing: subprocess.Popen[str]


SHOP = make_shop("app-")


@pytest.fixture(scope="module")
def aftermath(site: Site, client: httpx.Client) -> Iterator[Aftermath]:
    app = site.app
    with site.services() as services:
        store_audience(app, client, AUDIENCE)
        key = client.headers["Authorization"].removeprefix("Bearer ")
        children = app.children()
        poster = Poster(client, SHOP)
        thread = threading.Thread(target=poster.run)
        thread.start()
        eventually(lambda: count_orders(services, SHOP), what="orders stored")
        with frozen(app, "vendor"):  # whatever the delivery worker sends now, nobody answers it
            campaign_id = launch(client, AUDIENCE.rule)
            wait_until_held(services, Stream.DELIVERIES, "delivery")
            app.kill()
        thread.join()
    _, survivors = psutil.wait_procs(children, timeout=60)
    arguments = ("import", str(SHOP.write_csv(app.data_dir)), "--key", key)
    refused = app.command_here(*arguments)
    importing = app.start_command(*arguments, "--url", app.url)
    with site.services() as services:
        yield Aftermath(site.app, services, poster.accepted, campaign_id, survivors, refused, importing)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed process")
def test_no_server_and_no_worker_outlives_the_killed_app(aftermath: Aftermath) -> None:
    assert aftermath.survivors == []


def test_every_accepted_record_is_stored_after_the_restart(aftermath: Aftermath) -> None:
    stored_totals(aftermath.services, SHOP)
    found = aftermath.services.db.orders.find({"_id": {"$in": list(aftermath.accepted)}}, {"_id": 1})
    assert {row["_id"] for row in found} == set(aftermath.accepted)


def test_import_begun_while_the_app_is_down_completes_and_the_totals_are_exact(aftermath: Aftermath) -> None:
    _, said = aftermath.importing.communicate(timeout=120)
    assert aftermath.importing.returncode == 0, said
    assert "5,000 records accepted" in " ".join(said.split())
    assert stored_totals(aftermath.services, SHOP) == SHOP.totals


def test_campaign_goes_on_after_the_restart_and_reaches_everyone_exactly_once(aftermath: Aftermath) -> None:
    check_each_messaged_once(aftermath.app, aftermath.services, aftermath.campaign_id, AUDIENCE)


def test_import_without_an_address_says_that_the_killed_app_does_not_run(aftermath: Aftermath) -> None:
    assert aftermath.refused.returncode == 1
    assert "No app is running" in aftermath.refused.stderr
