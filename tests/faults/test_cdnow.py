"""Real purchases, imported over HTTP by the command line: the published totals, and a campaign to part of them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from crm_core.infra.streams import Stream
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from tests.faults.campaign import Audience, check_each_messaged_once, launch
from tests.faults.cdnow import CUSTOMERS, PURCHASES, check_totals, digest
from tests.faults.cdnow_rules import NOW, find_with_pandas
from tests.running_app import RunningApp

pytestmark = pytest.mark.usefixtures("cdnow_master")


@pytest.fixture(scope="module")
def services(running: RunningApp) -> Iterator[Services]:
    with running.services() as services:
        yield services


@pytest.fixture(scope="module")
def first_digest(running: RunningApp, services: Services, client: httpx.Client, cdnow_master: Path) -> str:
    return import_file(running, services, client, cdnow_master)


def import_file(running: RunningApp, services: Services, client: httpx.Client, file: Path) -> str:
    """Import the file; gives the digest of all that is then stored."""
    key = client.headers["Authorization"].removeprefix("Bearer ")
    done = running.command("import", str(file), "--key", key, "--wait")
    assert done.returncode == 0, done.stderr
    assert f"{PURCHASES:,} records accepted" in " ".join(done.stderr.split())
    assert services.publisher.backlog(Stream.ORDERS) == 0
    return digest(services)


@pytest.mark.usefixtures("first_digest")
def test_totals_are_the_published_ones_from_customers_and_from_orders(services: Services, client: httpx.Client) -> None:
    check_totals(services)
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


def test_second_import_changes_nothing(
    running: RunningApp, services: Services, client: httpx.Client, cdnow_master: Path, first_digest: str
) -> None:
    assert import_file(running, services, client, cdnow_master) == first_digest


@pytest.mark.usefixtures("first_digest")
def test_ten_rules_find_those_whom_pandas_finds_in_the_file(
    services: Services, client: httpx.Client, cdnow_master: Path
) -> None:
    scope = services.scopes.scope(NOW)
    for text, expected in find_with_pandas(cdnow_master).items():
        preview = client.post("/segments/preview", json={"text": text, "now": NOW.isoformat()}).json()
        assert (preview["count"], preview["text"]) == (len(expected), text)
        assert 0 < len(expected) < CUSTOMERS
        assert list(services.audience.ids(parse_text(text, scope), now=NOW)) == sorted(expected)


@pytest.mark.usefixtures("first_digest")
def test_campaign_to_the_large_spenders_reaches_exactly_those_that_pandas_finds(
    running: RunningApp, services: Services, client: httpx.Client, cdnow_master: Path
) -> None:
    expected = set(find_with_pandas(cdnow_master)["spend > 100"])
    campaign_id = launch(client, {"kind": "field", "field": "total_spend", "op": "gt", "value": 100})
    check_each_messaged_once(running, services, campaign_id, Audience("", len(expected)))
    rows = services.db.messages.find({"campaign_id": campaign_id}, {"customer_id": 1})
    assert {row["customer_id"] for row in rows} == expected
