"""One customer's orders, events and messages in one list, page by page."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row, row_id
from crm_core.errors import InvalidInput
from crm_core.infra.streams import Stream
from crm_core.insights.timeline import Kind
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.databases import open_database
from tests.integration.feeding import START, make_entry, store, store_customers, store_orders

HOUR = timedelta(hours=1)


def at(hours: int) -> str:
    return (START + hours * HOUR).isoformat()


def send(services: Services, name: str, *, hours: int, to: str = "a") -> str:
    """A message of a campaign, prepared at that time; returns the campaign's id."""
    everyone = load_rule({"kind": "all", "rules": []})
    campaign = services.campaigns.create(name=name, channel="in_app", message="Hi", rule=everyone, actor=TEST)
    services.message_log.insert([new_row(campaign["_id"], to, channel="in_app", at=START + hours * HOUR)])
    return str(campaign["_id"])


@pytest.fixture(scope="module")
def lived(servers: Settings) -> Iterator[Services]:
    """Only read: see live_on."""
    with open_database(servers, lambda: START) as services:
        live_on(services)
        yield services


def live_on(services: Services) -> None:
    """a has two of each kind, with a tie of three at one moment; b has one order."""
    store_customers(services, {"id": "a"}, {"id": "b"})
    store_orders(
        services,
        {"id": "o1", "customer_id": "a", "amount": 12.5, "ordered_at": at(1), "category": "Books"},
        {"id": "o2", "customer_id": "a", "amount": 7, "ordered_at": at(5), "status": "cancelled"},
        {"id": "o3", "customer_id": "b", "amount": 1, "ordered_at": at(9)},
    )
    events = [("e1", "visit", 5), ("e2", "cart_abandoned", 3)]
    store(
        services,
        [
            make_entry(Stream.EVENTS, {"id": name, "customer_id": "a", "type": kind, "at": at(hours)})
            for name, kind, hours in events
        ],
    )
    send(services, "Spring", hours=5)
    send(services, "Summer", hours=7)


def names(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [entry.get("campaign") or entry["id"] for entry in entries]


WHOLE = ["Summer", "e1", "Spring", "o2", "e2", "o1"]


def test_everything_stands_in_one_list_the_newest_first(lived: Services) -> None:
    entries, cursor = lived.timeline.page("a", actor=TEST)
    assert (names(entries), cursor) == (WHOLE, None)
    assert [entry["at"] for entry in entries] == [START + hours * HOUR for hours in (7, 5, 5, 5, 3, 1)]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 6, 7])
def test_pages_of_any_size_hold_everything_once(lived: Services, limit: int) -> None:
    found: list[str] = []
    cursor: str | None = None
    while True:
        entries, cursor = lived.timeline.page("a", limit=limit, after=cursor, actor=TEST)
        assert len(entries) <= limit
        found += names(entries)
        if cursor is None:
            break
    assert found == WHOLE


def test_records_of_one_moment_are_on_one_page_each(services: Services) -> None:
    store_customers(services, {"id": "a"})
    store_orders(services, *({"id": f"o{n}", "customer_id": "a", "amount": 1, "ordered_at": at(1)} for n in range(7)))
    first, cursor = services.timeline.page("a", limit=3, actor=TEST)
    second, last = services.timeline.page("a", limit=4, after=cursor, actor=TEST)
    assert names([*first, *second]) == [f"o{n}" for n in reversed(range(7))]
    assert last is None


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([Kind.ORDER], ["o2", "o1"]),
        ([Kind.EVENT], ["e1", "e2"]),
        ([Kind.MESSAGE], ["Summer", "Spring"]),
        ([Kind.MESSAGE, Kind.ORDER], ["Summer", "Spring", "o2", "o1"]),
        ([], []),
    ],
)
def test_only_the_kinds_that_were_chosen_are_shown(lived: Services, kinds: list[Kind], expected: list[str]) -> None:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        entries, cursor = lived.timeline.page("a", kinds=kinds, limit=1, after=cursor, actor=TEST)
        found += names(entries)
        if cursor is None:
            break
    assert found == expected


def test_orders_have_their_amount_in_major_units(lived: Services) -> None:
    (_, order), _ = lived.timeline.page("a", kinds=[Kind.ORDER], actor=TEST)
    assert order == {
        "kind": "order",
        "id": "o1",
        "at": START + HOUR,
        "amount": Decimal("12.50"),
        "status": "confirmed",
        "category": "Books",
    }


def test_messages_have_their_campaign_state_and_reason(services: Services) -> None:
    live_on(services)
    (newest, _), _ = services.timeline.page("a", kinds=[Kind.MESSAGE], actor=TEST)
    assert newest["kind"] is Kind.MESSAGE
    assert newest["state"] is MessageState.PENDING
    row = row_id(newest["campaign_id"], "a")
    closed = {"rank": MessageState.SKIPPED.rank, "reason": "no_consent"}
    services.db.messages.update_one({"_id": row}, {"$set": closed})
    services.db.campaigns.delete_one({"_id": newest["campaign_id"]})
    (skipped, _), _ = services.timeline.page("a", kinds=[Kind.MESSAGE], actor=TEST)
    assert skipped["kind"] is Kind.MESSAGE
    assert (skipped["state"], skipped["reason"], skipped["campaign"]) == (MessageState.SKIPPED, "no_consent", None)
    assert newest["campaign"] == "Summer"


def test_a_customer_without_anything_has_an_empty_list(services: Services) -> None:
    assert services.timeline.page("nobody", actor=TEST) == ([], None)


def written(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ä",
        "o1",
        written(5),
        written([]),
        written([1, "order"]),
        written([1, "visit", "o1"]),
        written([1, "order", {"$gt": ""}]),
        written(["1", "order", "o1"]),
        written([10**20, "order", "o1"]),
    ],
)
def test_what_no_page_has_given_is_no_cursor(lived: Services, cursor: str) -> None:
    with pytest.raises(InvalidInput, match="is no cursor of a timeline"):
        lived.timeline.page("a", after=cursor, actor=TEST)


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_1_to_500_entries(lived: Services, limit: int) -> None:
    with pytest.raises(InvalidInput, match="has 1 to 500 entries"):
        lived.timeline.page("a", limit=limit, actor=TEST)


def test_every_kind_is_looked_up_by_the_customer(lived: Services) -> None:
    lived.db.command("profile", 2)
    lived.timeline.page("a", actor=TEST)
    lived.db.command("profile", 0)
    (done,) = lived.db.system.profile.find({"op": "command", "command.aggregate": "orders"})
    assert "COLLSCAN" not in done["planSummary"]
    assert done["docsExamined"] <= 2 * len(WHOLE)
