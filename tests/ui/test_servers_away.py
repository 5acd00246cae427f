"""While MongoDB or Valkey is away every page says so in words, loses nothing, and comes back by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import NoReturn, get_args

import pytest
from pymongo import MongoClient

from crm_core.audience.segments import Segments
from crm_core.errors import Unavailable
from crm_core.hosting.ports import free_port
from crm_core.infra import foundation
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE
from crm_core.services import Services, build_services, install
from crm_core.settings import Settings
from crm_core.workspace.currency import AmountsCurrency
from pages._ui.links import PageName
from pages.builder.board.reading import Reading
from tests.actors import TEST
from tests.conftest import TestClock
from tests.ui.builder import ADD, SAVE, builder_with, pick, rules_of
from tests.ui.deliveries import draft
from tests.ui.page import Page, plain
from tests.ui.shop import Shop
from tests.ui.wizard import launch_label, review
from tests.workspace import known_last

AWAY = "This page comes back by itself."


@pytest.fixture
def unreachable(
    servers: Settings, services: Services, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Services]:
    """Services whose MongoDB refuses every connection. The driver gives up sooner than in the product."""
    uri = f"mongodb://127.0.0.1:{free_port()}"
    with monkeypatch.context() as patched:
        patched.setattr(
            foundation,
            "connect",
            lambda _, name: MongoClient(uri, tz_aware=True, serverSelectionTimeoutMS=30)[name],
        )
        patched.setattr("crm_core.services.bring_forward", lambda *_, **__: None)
        patched.setattr(AmountsCurrency, "check", lambda _: None)
        built = build_services(servers, clock=clock)
    vars(built)["workspace"] = known_last(services.db)
    yield built
    built.close()


@contextmanager
def outage(present: Services, absent: Services) -> Iterator[None]:
    install(absent)
    try:
        yield
    finally:
        install(present)


@pytest.mark.parametrize("name", get_args(PageName))
def test_a_page_says_in_words_that_the_database_is_away_and_comes_back(
    name: PageName, shop: Shop, workspace: Services, unreachable: Services
) -> None:
    campaign_id = draft(workspace)
    queries = {
        "campaign": {"campaign": campaign_id},
        "compare_campaigns": {"campaigns": campaign_id},
        "customer": {"customer": "c01"},
    }
    query = queries.get(name, {})
    with outage(workspace, unreachable):
        page = Page(name, **query)
        assert "The database does not answer. Nothing was lost" in page.errors
        assert AWAY in page.errors
    page.run()
    assert not page.errors
    assert page.title


def test_rules_on_the_board_outlive_an_outage(shop: Shop, workspace: Services, unreachable: Services) -> None:
    page = Page("audience_builder")
    page.choose("Add a rule without dragging", "Visits")
    page.choose("Value", 5)
    count = page.metric("Customers match")
    with outage(workspace, unreachable):
        page.choose("Value", 6)
        assert AWAY in page.errors
    page.run()
    assert not page.errors
    assert int(page.metric("Customers match")) == shop.count(lambda who, _: who["visits"] > 6) != int(count)


def test_the_board_can_be_used_during_an_outage(shop: Shop, workspace: Services, unreachable: Services) -> None:
    used = workspace.segments.save("Used", EVERYONE, actor=TEST)
    page = builder_with("City", "Segment “Used”")
    pick(page, 0)
    page.choose("Values", ["Pune"])
    with outage(workspace, unreachable):
        page.choose("Values", ["Pune", "Goa"])
        page.choose(ADD, "Group: NONE of these")
        page.choose(ADD, "Visits")
        page.choose("Value", 5)
        assert "1.2 Segment" in map(plain, page.widget("Edit rule").options)
        page.click("Undo")
        page.choose("Value", 6)
        page.click(SAVE)
        assert page.errors.count("The database does not answer.") == 2  # the count, and the dialog
    page.run()
    assert not page.errors
    assert rules_of(page) == [
        {"kind": "field", "field": "city", "op": "in", "value": ["Pune", "Goa"]},
        {"kind": "segment", "segment_id": used["_id"]},
        {"kind": "none", "rules": [{"kind": "field", "field": "visits", "op": "gt", "value": 6}]},
    ]


def test_the_board_waits_for_a_database_that_is_away_only_once(workspace: Services, unreachable: Services) -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        return unreachable.segments.count_found("")

    with outage(workspace, unreachable):
        reading = Reading()
        assert reading.away
        assert reading.ask(ask, 7) == 7
        assert reading.options("city") == reading.event_types() == []
        with pytest.raises(Unavailable):
            reading.find("s1")
    assert not asked
    back = Reading()
    assert back.ask(partial(workspace.overview.is_empty, actor=TEST), None) is not None
    assert not back.away


def test_a_link_is_followed_once_the_database_is_back(shop: Shop, workspace: Services, unreachable: Services) -> None:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gt", "value": 5})
    segment_id = workspace.segments.save("Regulars", rule, actor=TEST)["_id"]
    with outage(workspace, unreachable):
        page = Page("audience_builder", segment=segment_id)
        assert AWAY in page.errors
        assert page.query == {"segment": segment_id}
    page.run()
    assert "Segment **Regulars**, version 1" in page.words
    assert len(rules_of(page)) == 1


def test_a_launch_during_an_outage_launches_nothing_and_says_so(
    shop: Shop, workspace: Services, unreachable: Services
) -> None:
    campaign_id = draft(workspace)
    page = Page("new_campaign", campaign=campaign_id)
    review(page, workspace)
    label = launch_label(page)
    page.click(label)
    with outage(workspace, unreachable):
        page.click("Launch now", dialog=label)
        assert AWAY in page.errors
    page.run()
    assert workspace.campaigns.get(campaign_id)["state"] == "draft"
    assert launch_label(page) == label


def test_what_is_written_during_an_outage_is_saved_after_it(workspace: Services, unreachable: Services) -> None:
    campaign_id = draft(workspace)
    page = Page("new_campaign", campaign=campaign_id)
    with outage(workspace, unreachable):
        page.choose("Campaign name", "Winter")
        assert AWAY in page.errors
    page.run()
    assert (page.title, workspace.campaigns.get(campaign_id)["name"]) == ("Winter", "Winter")


def test_what_failed_in_an_outage_that_is_over_already_is_said_all_the_same(
    workspace: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise Unavailable("The database does not answer.")

    workspace.segments.save("Everyone", EVERYONE, actor=TEST)
    page = Page("segments")
    monkeypatch.setattr(Segments, "recount", fail)
    page.click("Count again")
    assert "The database does not answer." in page.errors


def test_demo_data_that_could_not_be_asked_for_can_be_asked_for_again(
    workspace: Services, servers: Settings, clock: TestClock
) -> None:
    """The order is written to MongoDB and to a stream: when only the first succeeds, nobody works on it."""
    elsewhere = f"redis://127.0.0.1:{free_port()}"
    same_database = workspace.settings.mongodb_database
    without_valkey = build_services(
        servers.with_servers(redis_url=elsewhere, mongodb_database=same_database), clock=clock
    )
    page = Page("overview")
    with outage(workspace, without_valkey):
        page.click("Load demo data")
        assert "The stream server does not answer." in page.errors
    without_valkey.close()
    page.run()
    page.click("Load demo data")
    assert "Loading demo data" in page.words
    assert workspace.publisher.backlog(Stream.JOBS) == 1
