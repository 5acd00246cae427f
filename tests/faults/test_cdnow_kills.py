"""``kill -9`` at random moments of the import of real purchases: the totals are right each time."""

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crm_core.access.keys import Scope
from crm_core.services import Services
from tests.faults.cdnow import PURCHASES, check_totals, read_totals, totals_by_customer
from tests.running_app import RunningApp, start_app
from tests.waiting import eventually

IMPORTS = int(os.environ.get("CLIENTNEST_KILLED_IMPORTS", "2"))
VICTIMS = (("ingest", "valkey", "mongod"), ("app",))
"""Of one import, in this order, and of the next."""
SEED = 1997


@dataclass
class Site:
    """The app, which is another process after it was killed, at the same address and in the same folder."""

    data_dir: Path
    stack: ExitStack
    app: RunningApp
    key: str

    def kill(self, victim: str) -> None:
        if victim != "app":
            self.app.child(victim).kill()
            return
        self.app.kill()
        self.app = self.stack.enter_context(start_app(self.data_dir, port=urlsplit(self.app.url).port))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data_dir = tmp_path_factory.mktemp("kills")
    with ExitStack() as stack:
        app = stack.enter_context(start_app(data_dir))
        yield Site(data_dir, stack, app, app.create_key(Scope.INGEST_WRITE))


@pytest.mark.parametrize("number", range(IMPORTS))
def test_totals_are_right_though_processes_are_killed_at_random_moments_of_the_import(
    site: Site, cdnow_master: Path, number: int
) -> None:
    chance, victims = random.Random(SEED + number), VICTIMS[number % len(VICTIMS)]
    moments = sorted(chance.sample(range(1, PURCHASES - 5_000), len(victims)))
    with site.app.services() as services:
        forget(services)
    importing = site.app.start_command("import", str(cdnow_master), "--key", site.key, "--url", site.app.url, "--wait")
    for victim, moment in zip(victims, moments, strict=True):
        with site.app.services() as services:
            orders = services.db.orders
            eventually(orders.estimated_document_count, lambda stored, least=moment: stored >= least, "orders stored")
        site.kill(victim)
    _, said = importing.communicate(timeout=200)
    assert importing.returncode == 0, said
    assert f"{PURCHASES:,} records" in " ".join(said.split())
    with site.app.services() as services:
        check_totals(services)
        assert totals_by_customer(services) == read_totals(cdnow_master)


def forget(services: Services) -> None:
    for name in ("customers", "orders"):
        services.db[name].delete_many({})
