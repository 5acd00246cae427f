"""Customers found by the beginnings of words, through the index, in pages."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from crm_core.customers.searching import Sort, page_stages, to_query
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Stream
from crm_core.services import Services
from crm_core.settings import Settings
from tests.actors import TEST
from tests.databases import open_database
from tests.integration.feeding import START, make_entries, store, store_customers, store_orders

PEOPLE = (
    {"id": "c1", "name": "Asha Mehta", "email": "asha@example.com", "phone": "+91 98765 43210"},
    {"id": "c2", "name": "Björn Åsberg", "phone": "+46 8 123 456"},
    {"id": "c3", "email": "mehta.b@example.org"},
    {"id": "c4", "name": "asha b. Ünal"},
)
MANY = 600


@pytest.fixture(scope="module")
def found(servers: Settings) -> Iterator[Services]:
    """Only read: see meet."""
    with open_database(servers, lambda: START) as services:
        meet(services)
        yield services


def meet(services: Services) -> None:
    """Four who told us who they are, and d5 who only ordered."""
    store(services, make_entries(*((Stream.CUSTOMERS, person) for person in PEOPLE)))
    store_orders(services, {"id": "o1", "customer_id": "d5", "amount": 10})


def ids(services: Services, text: str, sort: Sort = "id", **place: int) -> str:
    return " ".join(row["id"] for row in services.customer_search.search(text, sort=sort, **place, actor=TEST))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "c1 c2 c3 c4 d5"),
        ("asha", "c1 c4"),
        ("meh", "c1 c3"),
        ("asha meh", "c1"),
        ("bjorn asb", "c2"),
        ("mehta.b@example.org", "c3"),
        ("98765 43210", "c1"),
        ("+91-98765", "c1"),
        ("08 123", "c2"),
        ("asha +91 98", "c1"),
        ("D5", "d5"),
        ("c", "c1 c2 c3 c4"),
        ("zoe", ""),
        (".*", ""),
        ("^c1", ""),
        ("$where", ""),
        ("a\\sha", ""),
        ("as\x00ha", ""),
    ],
)
def test_a_search_finds_those_who_have_every_word(found: Services, text: str, expected: str) -> None:
    assert ids(found, text) == expected
    assert found.customer_search.count_found(text, actor=TEST) == len(expected.split())


def test_a_customer_is_found_by_the_words_of_now(services: Services) -> None:
    meet(services)
    entries = make_entries(*[(Stream.CUSTOMERS, {"id": "d5", "name": "Dora Diaz"})] * 9)
    store(services, entries[-1:])
    assert (ids(services, "dora"), ids(services, "d5")) == ("d5", "d5")
    store(services, make_entries(*[(Stream.CUSTOMERS, {"id": "d5", "name": "Eva Diaz"})] * 10)[-1:])
    assert (ids(services, "dora"), ids(services, "eva")) == ("", "d5")


def test_orders_leave_the_words_as_they_are(services: Services) -> None:
    meet(services)
    store_orders(services, {"id": "o2", "customer_id": "c1", "amount": 5, "category": "Books"})
    assert ids(services, "asha meh") == "c1"


def test_lists_are_sorted_by_id_by_name_with_the_nameless_last_and_by_newest(found: Services) -> None:
    assert ids(found, "", "id") == "c1 c2 c3 c4 d5"
    assert ids(found, "", "name") == "c4 c1 c2 c3 d5"
    assert ids(found, "c", "name") == "c4 c1 c2 c3"
    assert ids(found, "c", "newest") == "c4 c3 c2 c1"


@pytest.mark.parametrize("sort", ["id", "name", "newest"])
def test_pages_hold_everybody_once(found: Services, sort: Sort) -> None:
    pages = [ids(found, "", sort, skip=skip, limit=2) for skip in (0, 2, 4, 6)]
    assert " ".join(pages).split() == ids(found, "", sort).split()


def test_counting_stops_at_its_limit(found: Services) -> None:
    assert found.customer_search.count_found("", limit=3, actor=TEST) == 3
    assert found.customer_search.count_found("c", limit=3, actor=TEST) == 3


def test_what_is_no_page_or_no_search_is_refused_with_what_is_allowed(found: Services) -> None:
    search: Any = partial(found.customer_search.search, actor=TEST)
    with pytest.raises(InvalidInput, match="'spend'; allowed are id, name, newest"):
        search("", sort="spend")
    with pytest.raises(InvalidInput, match="starts at 0 or later"):
        search("", skip=-1)
    with pytest.raises(InvalidInput, match="at most 254 characters, this one has 255"):
        found.customer_search.count_found("a" * 255, actor=TEST)


@pytest.fixture(scope="module")
def crowd(servers: Settings) -> Iterator[Services]:
    """Many whose words begin alike, and one of each kind of rare word; only read."""
    with open_database(servers, lambda: START) as services:
        store_customers(services, *({"id": f"c{n:04}", "name": f"Common Name{n}"} for n in range(MANY)))
        store_customers(services, {"id": "x1", "name": "Rare Common", "phone": "+91 98765 43210"})
        yield services


def plan_of(services: Services, text: str, sort: Sort) -> tuple[set[str], set[str], int]:
    """The kinds of scans, the indexes and how many of their keys were read."""
    stages = page_stages(to_query(text), sort, 25)
    command = {"aggregate": "customers", "pipeline": stages, "cursor": {}}
    plan = services.db.command("explain", command, verbosity="executionStats")
    scans = [node for node in _nodes(plan) if node.get("stage") in {"IXSCAN", "COLLSCAN"} and "nReturned" in node]
    names = {node["indexName"] for node in scans if "indexName" in node}
    return {node["stage"] for node in scans}, names, sum(node.get("keysExamined", 0) for node in scans)


def _nodes(part: Any) -> list[Doc]:
    """All parts of an explanation but the plans that were not taken."""
    if isinstance(part, list):
        return [node for each in part for node in _nodes(each)]
    if not isinstance(part, dict):
        return []
    below = [node for key, each in part.items() if key != "allPlansExecution" for node in _nodes(each)]
    return [part, *below]


@pytest.mark.parametrize("text", ["rare", "common rare", "rare common", "98765 43210", "+91 98765", "x1", "nobody"])
def test_a_rare_word_is_looked_up_in_the_index_of_words_whatever_stands_beside_it(crowd: Services, text: str) -> None:
    kinds, indexes, keys = plan_of(crowd, text, "id")
    assert (kinds, indexes) == ({"IXSCAN"}, {"folded.search_1"})
    assert keys <= 12


@pytest.mark.parametrize("sort", ["id", "name", "newest"])
def test_a_page_of_all_is_read_in_the_order_of_an_index(crowd: Services, sort: Sort) -> None:
    kinds, _, keys = plan_of(crowd, "", sort)
    assert kinds == {"IXSCAN"}
    assert keys <= 60


@pytest.mark.parametrize("sort", ["id", "name", "newest"])
def test_a_common_word_reads_no_more_keys_than_it_finds(crowd: Services, sort: Sort) -> None:
    kinds, _, keys = plan_of(crowd, "common", sort)
    assert kinds == {"IXSCAN"}
    assert keys <= 2 * MANY
