"""Lists of large documents: a page ends when it is large, whatever was asked for, and pages still show all."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.infra.paging import MAX_PAGE_BYTES, READ_AT_ONCE
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, TEST
from tests.conftest import TestClock

COUNT = 60
LONG = "x" * 200_000
RULE = {"kind": "list", "customer_ids": [f"{place:04}{'x' * 250}" for place in range(800)]}

Page = Callable[[str | None], tuple[list[Any], str | None]]


def pages(turn: Page) -> Iterator[list[Any]]:
    cursor = None
    while True:
        items, cursor = turn(cursor)
        yield items
        if cursor is None:
            return


@pytest.fixture
def large(services: Services, clock: TestClock) -> Services:
    """Each of these lists has 60 documents of about 200 kB."""
    db, now = services.db, clock.now
    segment = services.segments.save("0", load_rule(RULE), actor=TEST)
    others = [{**segment, "_id": f"s{place}", "name": str(place)} for place in range(1, COUNT)]
    db.segments.insert_many(others)
    version = db.segment_versions.find_one({"segment_id": segment["_id"]})
    assert version
    db.segment_versions.insert_many([{**version, "_id": f"v{n}", "version": n} for n in range(2, COUNT + 1)])
    campaign = services.campaigns.create(actor=ASHA, name="c", channel="in_app", message="m", rule=load_rule(RULE))
    db.campaigns.insert_many([{**campaign, "_id": f"{place:024}"} for place in range(1, COUNT)])
    db.customers.insert_many([{"_id": f"c{n}", "attributes": {"a": LONG}} for n in range(COUNT)])
    row = new_row("m", "c", channel="in_app", at=now, state=MessageState.SENT)
    db.messages.insert_many([{**row, "_id": f"m:c{n}", "customer_id": f"c{n}", "text": LONG} for n in range(COUNT)])
    return services


def segment_of(services: Services) -> str:
    return str(services.db.segments.find_one({"name": "0"}, {"_id": 1})["_id"])  # type: ignore[index]


LISTS: dict[str, Callable[[Services], Page]] = {
    "segments": lambda made: lambda after: made.segments.page(limit=200, after=after),
    "versions": lambda made: lambda after: made.segments.versions(segment_of(made), limit=200, after=after),
    "campaigns": lambda made: lambda after: made.campaigns.page(limit=200, after=after),
    "customers": lambda made: lambda after: made.customers.page(limit=1000, after=after, actor=ASHA),
    "messages": lambda made: lambda after: made.message_list.page("m", limit=1000, after=after, actor=ASHA),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_page_of_large_documents_is_short_and_the_pages_show_all(large: Services, name: str) -> None:
    found = list(pages(LISTS[name](large)))
    per_page = MAX_PAGE_BYTES // 200_000
    assert sum(map(len, found)) == COUNT
    assert all(1 <= len(page) <= per_page for page in found)
    assert len(found) > 1


def test_a_page_of_one_document_larger_than_a_page_has_it(services: Services) -> None:
    services.db.customers.insert_many([{"_id": f"c{n}", "attributes": {"a": LONG * 30}} for n in range(2)])
    found = list(pages(LISTS["customers"](services)))
    assert [[item["id"] for item in page] for page in found] == [["c0"], ["c1"]]


@pytest.fixture
def examined(large: Services) -> Iterator[Callable[[], list[int]]]:
    """Tells how many documents each query of segments has looked at in the database."""
    large.db.command("profile", 2)
    found = {"ns": f"{large.db.name}.segments", "op": {"$in": ["query", "getmore"]}}
    yield lambda: [row.get("docsExamined", 0) for row in large.db["system.profile"].find(found)]
    large.db.command("profile", 0)
    large.db["system.profile"].drop()


@pytest.mark.parametrize("sort", ["name", "count", "updated_at"])
def test_the_first_segments_are_found_without_the_others(
    large: Services, examined: Callable[[], list[int]], sort: str
) -> None:
    assert len(large.segments.search("", sort=sort, skip=0, limit=5)) == 5
    assert sum(examined()) <= 6


def test_a_page_looks_at_few_segments_and_names_at_none(large: Services, examined: Callable[[], list[int]]) -> None:
    assert len(large.segments.names()) == COUNT
    assert sum(examined()) == 0
    large.segments.page(limit=200)
    assert sum(examined()) <= READ_AT_ONCE + 1
