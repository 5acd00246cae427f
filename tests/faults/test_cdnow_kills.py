"""``kill -9`` at random moments of the import of real purchases: the totals are right each time."""

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from operator import le
from pathlib import Path

import pytest

from crm_core.access.keys import Scope
from crm_core.services import Services
from tests.faults.cdnow import PURCHASES, check_totals, read_totals, totals_by_customer
from tests.faults.site import Site
from tests.waiting import eventually

IMPORTS = int(os.environ.get("CLIENTNEST_KILLED_IMPORTS", "2"))
VICTIMS = (("ingest", "valkey", "mongod"), ("app",))
"""Of one import, in this order, and of the next."""
SEED = 1997


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path_factory.mktemp("kills"), stack)


@pytest.fixture(scope="module")
def key(site: Site) -> str:
    return site.app.create_key(Scope.INGEST_WRITE)


@pytest.mark.parametrize("number", range(IMPORTS))
def test_totals_are_right_though_processes_are_killed_at_random_moments_of_the_import(
    site: Site, key: str, cdnow_master: Path, number: int
) -> None:
    chance, victims = random.Random(SEED + number), VICTIMS[number % len(VICTIMS)]
    moments = sorted(chance.sample(range(1, PURCHASES - 5_000), len(victims)))
    with site.services() as services:
        forget(services)
    importing = site.app.start_command("import", str(cdnow_master), "--key", key, "--url", site.app.url, "--wait")
    for victim, moment in zip(victims, moments, strict=True):
        with site.services() as services:
            eventually(services.db.orders.estimated_document_count, partial(le, moment), "orders stored")
        site.kill(victim)
    _, said = importing.communicate(timeout=200)
    assert importing.returncode == 0, said
    assert f"{PURCHASES:,} records" in " ".join(said.split())
    with site.services() as services:
        check_totals(services)
        assert totals_by_customer(services) == read_totals(cdnow_master)


def forget(services: Services) -> None:
    for name in ("customers", "orders"):
        services.db[name].delete_many({})
