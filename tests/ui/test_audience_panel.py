"""Right of the board: exact counts, where customers drop out, who is messaged, how they differ, and what if."""

from typing import Any

import pytest

from crm_core.audience.counting import Counting
from crm_core.audience.curve import Knob
from crm_core.audience.snapshot.keeper import State, Status
from crm_core.channels.registry import CHANNELS
from crm_core.errors import Unavailable
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from pages.builder.audience.details import DETAILS, PROFILES
from tests.actors import TEST
from tests.ui.builder import ADD, board_on, builder_with, matches, pick
from tests.ui.page import Page, plain
from tests.ui.shop import Shop, spend
from tests.ui.tables import rows_of
from tests.waiting import eventually

READY_S = 20.0


@pytest.fixture
def live(shop: Shop, workspace: Services) -> Shop:
    """The shop, held in memory."""
    workspace.snapshot.start()
    workspace.snapshot.wait_until(lambda state: state.status is Status.READY, READY_S)
    return shop


def builder_on(services: Services, text: str) -> Page:
    shared = services.shared_rules.share(parse_text(text, services.rule_contexts.context()), actor=TEST)
    return Page("audience_builder", board=shared)


def detail(page: Page, name: str) -> None:
    page.choose("builder_detail", DETAILS[name])


def bars(page: Page, key: str = "builder_waterfall") -> list[tuple[str, str]]:
    """Label and number of each row of the waterfall."""
    (trace,) = page.chart(key)
    return [(row[0], text) for row, text in zip(trace["customdata"], trace["text"], strict=True)]


def table(page: Page) -> list[list[Any]]:
    (found,) = page.test.table
    return [[plain(name), *row] for name, row in zip(found.value.index, found.value.to_numpy().tolist(), strict=True)]


def test_the_waterfall_goes_from_everyone_through_each_rule_to_who_is_messaged(live: Shop, workspace: Services) -> None:
    workspace.suppressions.add("c06", "in_app", reason="manual", actor=TEST)
    workspace.snapshot.caught_up(5)
    page = builder_on(workspace, "visits > 5 AND spend > 20")
    visited = live.count(lambda who, _: who["visits"] > 5)
    both = live.count(lambda who, orders: who["visits"] > 5 and spend(orders) > 20)
    assert matches(page) == both
    assert bars(page) == [
        ("Everyone", "40"),
        ("Visits more than 5", f"\u2212{40 - visited}"),
        ("Total spend more than $20", f"\u2212{visited - both}"),
        ("Match", str(both)),
        ("Suppressed", "\u22121"),
        ("Will be messaged", str(both - 1)),
    ]
    assert page.metric("Will be messaged") == str(both - 1)
    assert "Exact as of 12:00:00 UTC" in page.words


def test_rules_of_which_one_is_enough_add_up(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, 'visits > 9 OR city = "Oslo"')
    many = live.count(lambda who, _: who["visits"] > 9)
    either = live.count(lambda who, _: who["visits"] > 9 or who.get("city") == "Oslo")
    assert bars(page)[:3] == [
        ("Visits more than 9", f"+{many}"),
        ("City is “Oslo”", f"+{either - many}"),
        ("Match", str(either)),
    ]


def test_each_channel_says_who_is_reached_and_why_the_rest_is_not(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "visits > 5")
    count = matches(page)
    assert page.metric("Will be messaged") == str(count)
    page.choose("Channel", "email")
    assert page.metric("Will be messaged") == "0"
    assert ("No address", f"\u2212{count}") in bars(page)
    detail(page, "reach")
    assert [row[:3] for row in table(page)] == [
        ["In-app", str(count), "0"],
        *([CHANNELS.label(name), "0", str(count)] for name in ("email", "sms", "whatsapp", "push")),
    ]


def test_each_rule_says_what_it_does_alone_and_what_the_others_do_without_it(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, 'visits > 5 AND (city = "Oslo" OR spend > 60)')
    count = matches(page)
    detail(page, "rules")
    visited = live.count(lambda who, _: who["visits"] > 5)
    oslo = live.count(lambda who, _: who.get("city") == "Oslo")
    without_visits = live.count(lambda who, orders: who.get("city") == "Oslo" or spend(orders) > 60)
    without_city = live.count(lambda who, orders: who["visits"] > 5 and spend(orders) > 60)
    first, second, _ = table(page)
    assert first == ["1.1 Visits more than 5", str(visited), str(without_visits), f"+{without_visits - count}"]
    assert second[:3] == ["1.2.1 City is “Oslo”", str(oslo), str(without_city)]


def test_the_sample_says_why_each_customer_matches(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "visits > 9")
    assert [(row["Customer"], row["Why"]) for row in rows_of(page, "Customers")][:2] == [
        ("Asha10 Rao", "visited 10 times"),
        ("Asha21 Rao", "visited 10 times"),
    ]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_holds_the_audience_against_everyone(live: Shop, workspace: Services, name: str) -> None:
    page = builder_on(workspace, "visits > 5")
    detail(page, "profile")
    page.choose("Compare by", PROFILES[name])
    if name in {"category", "country"}:  # of which nobody has a value
        assert [row[0] for row in page.chart("builder_profile_chart")[0]["customdata"]] == ["No value"]
        return
    ours, everyone = page.chart("builder_profile_chart")
    assert [ours["name"], everyone["name"]] == ["This audience", "Everyone"]
    if name == "city":
        row = next(row for row in ours["customdata"] if row[0] == "Oslo")
        assert row[1] == str(live.count(lambda who, _: who["visits"] > 5 and who.get("city") == "Oslo"))
    if name != "categories":
        assert sum(int(row[1]) for row in everyone["customdata"]) == 40


def test_what_if_shows_the_audience_of_another_threshold_and_takes_it(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "visits > 5 AND spend > 20")
    detail(page, "what_if")
    page.choose("What if it were", page.widget("What if it were").options.index("8"))
    wanted = live.count(lambda who, orders: who["visits"] > 8 and spend(orders) > 20)
    assert f"**{wanted}** customers" in page.words
    page.click("Use 8")
    assert matches(page) == wanted
    assert board_on(page).to_rule().rules[0].value == 8  # type: ignore[union-attr]
    page.click("Undo")
    assert board_on(page).to_rule().rules[0].value == 5  # type: ignore[union-attr]


def test_what_if_offers_the_rule_that_is_edited(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "visits > 5 AND spend > 20")
    detail(page, "what_if")
    pick(page, 1)
    assert page.widget("Rule").value == Knob((1,))
    assert "$20" in str(page.widget("What if it were").options)


def test_what_if_moves_a_window(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "orders(last 30 days) >= 1")
    detail(page, "what_if")
    assert "its window" in str(page.widget("Rule").options[1])
    page.choose("Rule", Knob((0,), "within_days"))
    page.choose("What if it were", page.widget("What if it were").options.index("90 days"))
    page.click("Use 90 days")
    assert board_on(page).to_rule().rules[0].within_days == 90  # type: ignore[union-attr]


def test_what_if_moves_a_percent_rank(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "visits in top 10 %")
    detail(page, "what_if")
    page.choose("What if it were", page.widget("What if it were").options.index("100 %"))
    assert "**40** customers" in page.words
    page.click("Use 100 %")
    assert matches(page) == 40


def test_a_rule_without_a_threshold_has_no_what_if(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, 'city = "Oslo"')
    detail(page, "what_if")
    assert "No rule has a threshold to move" in page.words


def test_an_empty_board_is_everyone(live: Shop) -> None:
    page = builder_with()
    assert matches(page) == 40
    assert [label for label, _ in bars(page)] == ["Everyone", "Will be messaged"]
    for name in DETAILS:
        detail(page, name)


def test_nobody_is_said_in_words(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, "visits > 1000")
    assert matches(page) == 0
    assert "Nobody matches" in page.words
    for name in DETAILS:
        detail(page, name)


def test_names_are_counted_in_the_database_and_the_page_says_so(live: Shop, workspace: Services) -> None:
    page = builder_on(workspace, 'name contains "asha1"')
    assert matches(page) == live.count(lambda who, _: "asha1" in str(who["name"]).lower())
    assert "the database counts" in page.words
    assert "Count again" in page.buttons()
    for name in DETAILS:
        detail(page, name)


def test_what_cannot_be_counted_keeps_the_last_numbers_and_says_that_they_are_old(
    live: Shop, workspace: Services
) -> None:
    segment = workspace.segments.save(
        "Regulars", parse_text("visits > 5", workspace.rule_contexts.context()), actor=TEST
    )
    page = builder_on(workspace, "visits > 8")
    before = matches(page)
    page.choose(ADD, "Segment “Regulars”")
    workspace.db.segments.delete_one({"_id": segment["_id"]})
    page.run()
    assert "These rules cannot be counted" in page.errors
    assert "1.2 Segment" in page.errors
    assert int(page.metric("Customers matched before")) <= before


def test_while_the_database_is_away_the_numbers_stay_and_are_marked_stale(
    live: Shop, workspace: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = builder_on(workspace, "visits > 8")
    before = matches(page)
    away = State(Status.AWAY, workspace.snapshot.state.version, workspace.snapshot.state.as_of)
    with monkeypatch.context() as patched:
        patched.setattr(type(workspace.snapshot), "state", property(lambda _: away))
        page.run()
        assert matches(page) == before
        assert "The database does not answer. These numbers are as of 12:00:00 UTC" in page.errors
        assert "Stale as of" in page.words
    page.run()
    assert "Exact as of" in page.words


def test_a_count_that_the_database_cannot_give_shows_the_one_before(
    shop: Shop, workspace: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = builder_on(workspace, "visits > 8")  # nothing is held in memory
    before = matches(page)
    with monkeypatch.context() as patched:

        def fail(*_: Any, **__: Any) -> Any:
            raise Unavailable("The database does not answer.")

        patched.setattr(type(workspace.previews), "start_counting", fail)
        page.choose("Value", 3)
        assert int(page.metric("Customers matched before")) == before
        assert "The database does not answer." in page.errors
    page.run()
    eventually(lambda: matches(page), lambda found: found == shop.count(lambda who, _: who["visits"] > 3))


def test_a_count_that_was_cancelled_stays_so_until_somebody_asks_again(
    shop: Shop, workspace: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Counting, "is_done", lambda _, **__: False)
        page = builder_on(workspace, "visits > 8")
        assert "Counting in the database" in page.words
        page.click("Cancel")
    page.run()
    assert "The count was cancelled" in page.words
    page.click("Count again")
    assert matches(page) == shop.count(lambda who, _: who["visits"] > 8)
