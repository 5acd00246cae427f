"""Audience builder: the rule as text and as a sentence, in step with the board both ways."""

from typing import Any

import pytest

from crm_core.services import Services
from tests.ui.builder import ADD, SAVE, builder_with, matches, rule_of, rules_of
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.test_builder_segments import save

TEXT, SHOW = "builder_text", "Rule as text"
VISITS = {"kind": "field", "field": "visits", "op": "gt", "value": 5}


def with_text(*fields: str) -> Page:
    page = builder_with(*fields)
    page.test.toggle[0].set_value(True)
    page.run()
    return page


def test_the_text_follows_the_board(shop: Shop) -> None:
    page = with_text("Visits")
    assert page.widget(TEXT).value == "everyone"
    page.choose("Value", 5)
    assert page.widget(TEXT).value == "ALL OF (visits > 5)"
    page.choose(ADD, "City")
    page.choose("Values", ["Pune"])
    assert page.widget(TEXT).value == 'visits > 5 AND city in ("Pune")'
    page.choose("Match", "NO rule")
    assert page.widget(TEXT).value == 'NONE OF (visits > 5, city in ("Pune"))'
    page.click("Undo")
    assert page.widget(TEXT).value == 'visits > 5 AND city in ("Pune")'


def test_the_board_follows_the_text_which_is_one_step_back(shop: Shop) -> None:
    page = with_text("Visits")
    page.choose("Value", 5)
    page.choose(TEXT, 'visits > 8 OR (city = "pune" AND NOT loyalty_member is true)')
    loyal = {"kind": "field", "field": "loyalty_member", "op": "is", "value": True}
    pune = {"kind": "field", "field": "city", "op": "eq", "value": "pune"}
    assert rule_of(page) == {
        "kind": "any",
        "rules": [VISITS | {"value": 8}, {"kind": "all", "rules": [pune, {"kind": "none", "rules": [loyal]}]}],
    }

    def is_meant(who: Any, _: object) -> bool:
        return who["visits"] > 8 or (who.get("city") == "Pune" and not who.get("loyalty_member"))

    assert matches(page) == shop.count(is_meant)
    assert "**Who:** Visited more than 8 times, or (city is “pune” and (not: is a loyalty member))" in page.words
    page.click("Undo")
    assert rules_of(page) == [VISITS]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("visits > ", "Line 1, column 10: the text ends here; expected"),
        ("visits > 1 AND\nvisitz < 3", "Line 2, column 1: there is no field 'visitz'. Did you mean visits?"),
        ('segment "Gone"', "there is no segment named 'Gone'"),
        ("   ", "A rule of nothing"),
    ],
)
def test_an_error_has_its_place_and_keeps_text_and_board(shop: Shop, typed: str, words: str) -> None:
    page = with_text("Visits")
    page.choose("Value", 5)
    page.choose(TEXT, typed)
    assert words in page.errors
    assert "The board stays as it was." in page.errors
    assert page.widget(TEXT).value == typed
    assert rules_of(page) == [VISITS]
    page.run()
    assert page.widget(TEXT).value == typed
    page.choose("Value", 6)
    assert words not in page.errors
    assert page.widget(TEXT).value == "ALL OF (visits > 6)"


def test_what_is_half_edited_is_not_in_the_text_which_says_so(shop: Shop) -> None:
    page = with_text("Visits", "City")
    page.choose("Values", ["Pune"])
    assert page.widget(TEXT).value == 'ALL OF (city in ("Pune"))'
    assert "Not in the text, because they have no value yet: 1.1 Visits." in page.words


def test_a_condition_alone_is_shown_in_a_group(shop: Shop) -> None:
    page = with_text()
    page.choose(TEXT, "visits > 5")
    assert rule_of(page) == {"kind": "all", "rules": [VISITS]}
    page.choose(TEXT, "nobody")
    assert matches(page) == 0
    assert not page.button(SAVE).disabled


def test_a_segment_is_named_in_the_text(shop: Shop, workspace: Services) -> None:
    used = save(workspace, VISITS, name="Regulars")
    page = with_text()
    page.choose(TEXT, 'NOT segment "Regulars"')
    assert rule_of(page) == {"kind": "none", "rules": [{"kind": "segment", "segment_id": used}]}
    assert matches(page) == shop.count(lambda who, _: who["visits"] <= 5)


def test_a_text_that_says_what_the_board_says_changes_nothing(shop: Shop) -> None:
    page = with_text("Visits", "City")
    page.choose("Values", ["Pune"])
    page.choose(TEXT, 'ALL OF ( city in ("Pune") )')
    assert "Not counted yet, because no value is chosen: 1.1 Visits." in page.errors
