"""Real purchases, imported over HTTP by the command line while processes are killed: the published totals each time.

``CLIENTNEST_KILLED_IMPORTS=20 pytest tests/faults/test_cdnow.py`` imports them 20 times, with kills at other moments.
"""

import os
import random
from collections.abc import Iterator, Sequence
from functools import partial
from operator import le
from pathlib import Path

import httpx
import pytest

from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from tests.faults.campaign import Audience, check_each_messaged_once, launch
from tests.faults.cdnow import (
    CUSTOMERS,
    PURCHASES,
    check_totals,
    count_handled,
    digest,
    forget,
    read_totals,
    totals_by_customer,
)
from tests.faults.cdnow_rules import NOW, find_with_pandas
from tests.faults.site import Site
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("cdnow_master")
IMPORTS = int(os.environ.get("CLIENTNEST_KILLED_IMPORTS", "2"))
VICTIMS = (("ingest", "valkey", "mongod"), ("app",))
"""Of one import, in this order, and of the next."""
REPEATED = PURCHASES if IMPORTS > 2 else 20_000
"""Purchases that come once more: the whole file in the long form, else its first ones, which have the same ids."""
SEED = 1997


@pytest.fixture
def services(site: Site) -> Iterator[Services]:
    with site.services() as services:
        yield services


@pytest.fixture(scope="module")
def first_digest(site: Site, client: httpx.Client, cdnow_master: Path) -> str:
    with site.services() as services:
        forget(services)
    return import_disturbed(site, client, cdnow_master, 0, PURCHASES)


def import_disturbed(site: Site, client: httpx.Client, file: Path, number: int, purchases: int) -> str:
    """Import the file with kills at random moments of the work on it; gives the digest of all that is then stored."""
    victims = VICTIMS[number % len(VICTIMS)]
    moments = sorted(random.Random(SEED + number).sample(range(1, purchases - 5_000), len(victims)))
    key = client.headers["Authorization"].removeprefix("Bearer ")
    with site.services() as services:
        before = count_handled(services)
    importing = site.app.start_command("import", str(file), "--key", key, "--url", site.app.url, "--wait")
    kill_at(site, victims, [before + moment for moment in moments])
    _, said = importing.communicate(timeout=200)
    assert importing.returncode == 0, said
    assert f"{purchases:,} records" in " ".join(said.split())
    with site.services() as services:
        check_totals(services)
        return digest(services)


def kill_at(site: Site, victims: Sequence[str], moments: Sequence[int]) -> None:
    for victim, moment in zip(victims, moments, strict=True):
        with site.services() as services:
            eventually(lambda: count_handled(services), partial(le, moment), "orders stored")
        site.kill(victim)


@pytest.mark.usefixtures("first_digest")
def test_totals_are_the_published_ones_although_the_import_is_killed_midway(
    services: Services, client: httpx.Client, cdnow_master: Path
) -> None:
    check_totals(services)
    assert totals_by_customer(services) == read_totals(cdnow_master)
    buyers = {"kind": "orders", "op": "gte", "value": 1, "category": "Music"}
    preview = client.post("/segments/preview", json={"rule": buyers}).json()
    assert (preview["count"], preview["total"]) == (CUSTOMERS, CUSTOMERS)


@pytest.mark.usefixtures("first_digest")
def test_a_customer_shows_the_purchases_that_the_file_has_of_it(client: httpx.Client) -> None:
    found = client.get("/customers/00004").json()
    purchases = [
        (order["ordered_at"], order["items"][0]["quantity"], order["amount"]) for order in found["orders"]["items"]
    ]
    assert purchases == [
        ("1997-12-12T00:00:00Z", 2, 26.48),
        ("1997-08-02T00:00:00Z", 1, 14.96),
        ("1997-01-18T00:00:00Z", 2, 29.73),
        ("1997-01-01T00:00:00Z", 2, 29.33),
    ]
    customer = found["customer"]
    assert (customer["total_spend"], customer["order_count"]) == (100.5, 4)
    assert (customer["first_order_at"], customer["last_order_at"]) == ("1997-01-01T00:00:00Z", "1997-12-12T00:00:00Z")


@pytest.mark.parametrize("number", range(1, IMPORTS))
def test_another_import_changes_nothing_though_the_app_is_killed_in_its_middle(
    site: Site, client: httpx.Client, cdnow_master: Path, first_digest: str, tmp_path: Path, number: int
) -> None:
    lines = cdnow_master.read_text().splitlines(keepends=True)[:REPEATED]
    file = tmp_path / cdnow_master.name
    file.write_text("".join(lines))
    assert import_disturbed(site, client, file, number, len(lines)) == first_digest


@pytest.mark.usefixtures("first_digest")
def test_ten_rules_find_those_whom_pandas_finds_in_the_file(
    services: Services, client: httpx.Client, cdnow_master: Path
) -> None:
    context = services.rule_contexts.context(NOW)
    for text, expected in find_with_pandas(cdnow_master).items():
        preview = client.post("/segments/preview", json={"text": text, "now": NOW.isoformat()}).json()
        assert (preview["count"], preview["text"]) == (len(expected), text)
        assert 0 < len(expected) < CUSTOMERS
        assert list(services.audience.ids(parse_text(text, context), now=NOW)) == sorted(expected)


@pytest.mark.usefixtures("first_digest")
def test_campaign_to_the_large_spenders_reaches_exactly_those_that_pandas_finds(
    site: Site, services: Services, client: httpx.Client, cdnow_master: Path
) -> None:
    expected = set(find_with_pandas(cdnow_master)["spend > 100"])
    campaign_id = launch(client, {"kind": "field", "field": "total_spend", "op": "gt", "value": 100})
    check_each_messaged_once(site.app, services, campaign_id, Audience("", len(expected)))
    rows = services.db.messages.find({"campaign_id": campaign_id}, {"customer_id": 1})
    assert {row["customer_id"] for row in rows} == expected
