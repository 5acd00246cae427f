"""The audience builder by hand: a nested rule is dragged together, undone, edited as text, saved, opened by link."""

import re

import httpx
from playwright.sync_api import Browser, expect

from crm_core.access.scopes import Scope
from tests.browser.conftest import DESK
from tests.browser.screen import PALETTE, RULES, Screen
from tests.running_app import RunningApp

RULE = "spend > 10000 AND visits < 3 OR inactive for 90 days"
PRINTED = r"^inactive for 90 days OR \(?(spend > 10000 AND visits < 3|visits < 3 AND spend > 10000)\)?$"
"""Where a chip falls in its group is for the mouse to say."""
LARGER = "(spend > 500 AND visits < 30) OR inactive for 90 days"
INNER = RULES + 1
SEGMENT = "Rich or gone"
TRIES = 5


def count(client: httpx.Client, text: str) -> str:
    return f"{client.post('/segments/preview', json={'text': text}).raise_for_status().json()['count']:,}"


def test_a_nested_rule_is_dragged_undone_edited_as_text_saved_and_opened_by_link(
    stocked_app: RunningApp, desk: Screen, chromium: Browser
) -> None:
    with stocked_app.api(*Scope) as client:
        desk.open(f"{stocked_app.url}/audience-builder")
        drag_together(desk, client)
        undo_and_redo(desk, client)
        edit_as_text(desk, client)
        address = save(desk)
        other = Screen(chromium.new_context(viewport={"width": DESK[0], "height": DESK[1]}).new_page())
        other.open(address)
        expect(other.metric("Customers match")).to_have_text(count(client, LARGER))
        expect(other.page.get_by_text(f"Segment {SEGMENT}")).to_be_visible()
        other.settle_board()
        expect(other.chip(INNER, "Total spend")).to_contain_text("$500")
        tabs_stay_apart(desk, other, client)
        other.check_health()
        other.page.context.close()
        while_the_database_is_frozen(desk, stocked_app, client)


def drag_together(desk: Screen, client: httpx.Client) -> None:
    """(spend > 10000 AND visits < 3) OR inactive for 90 days, each part with the mouse."""
    shown = desk.metric("Customers match")
    drag_in(desk, "Last order", RULES)
    choose(desk, "Last order", "more days ago than")
    desk.fill("Days", "90")
    expect(shown).to_have_text(count(client, "inactive for 90 days"))
    desk.settle_board()
    any_rule = desk.page.get_by_role("radio", name="ANY rule")
    any_rule.click()
    desk.settle_board()
    expect(any_rule).to_be_checked()
    drag_in(desk, "Group: ALL of these", RULES)
    expect(desk.part(INNER)).to_contain_text("ALL of these")
    drag_in(desk, "Total spend", INNER)
    desk.fill("Value in USD", "10000")
    drag_in(desk, "Visits", INNER)
    choose(desk, "Visits", "less than")
    desk.fill("Value", "3")
    expect(shown).to_have_text(count(client, RULE))
    desk.check_health()


def drag_in(desk: Screen, label: str, place: int) -> None:
    desk.fill("Search the fields", label)
    desk.settle_board()
    desk.drag(desk.board.get_by_text(label, exact=True), place)
    desk.fill("Search the fields", "")
    desk.settle_board()


def choose(desk: Screen, label: str, option: str) -> None:
    desk.settle_board()
    wanted = desk.page.get_by_role("option", name=option, exact=True)
    for _ in range(TRIES):  # a list that has just opened closes when the page is drawn anew below it
        desk.page.get_by_label(label, exact=True).click()
        try:
            expect(wanted).to_be_visible(timeout=2_000)
        except AssertionError:
            continue
        wanted.click()
        break
    desk.settle()
    expect(desk.page.get_by_label(label, exact=True)).to_have_value(option)


def undo_and_redo(desk: Screen, client: httpx.Client) -> None:
    shown = desk.metric("Customers match")
    with_visits = shown.inner_text()
    desk.drag(desk.chip(INNER, "Visits"), RULES)  # out of its group: any visit below 3 is enough now
    expect(shown).to_have_text(count(client, "inactive for 90 days OR spend > 10000 OR visits < 3"))
    desk.button("Undo").click()
    expect(shown).to_have_text(with_visits)
    desk.settle_board()
    expect(desk.chip(INNER, "Visits")).to_be_visible()
    desk.button("Redo").click()
    desk.settle_board()
    expect(desk.chip(INNER, "Visits")).to_have_count(0)
    desk.button("Undo").click()
    expect(shown).to_have_text(with_visits)


def edit_as_text(desk: Screen, client: httpx.Client) -> None:
    desk.page.get_by_text("Rule as text", exact=True).click()
    text = desk.page.get_by_label("Rule as text").and_(desk.page.locator("textarea"))
    expect(text).to_have_value(re.compile(PRINTED))
    shown = desk.metric("Customers match")
    before = shown.inner_text()
    text.fill("spend > 500 AND vists < 3")
    text.press("Control+Enter")
    expect(desk.page.get_by_text("Did you mean visits?")).to_be_visible()
    expect(desk.page.get_by_text("The board stays as it was.")).to_be_visible()
    expect(shown).to_have_text(before)
    text.fill(LARGER)
    text.press("Control+Enter")
    expect(shown).to_have_text(count(client, LARGER))
    desk.settle_board()
    expect(desk.chip(INNER, "Total spend")).to_contain_text("$500")


def save(desk: Screen) -> str:
    """Gives the address of the page then, which names the segment."""
    expect(desk.page.get_by_text("Unsaved changes")).to_be_visible()
    desk.button("Save segment").click()
    desk.fill("Name", SEGMENT)
    desk.page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    expect(desk.page.get_by_text(f"Segment {SEGMENT} is saved.")).to_be_visible()
    expect(desk.page.get_by_text("Unsaved changes")).to_have_count(0)
    assert "segment=" in desk.page.url
    return desk.page.url


def tabs_stay_apart(desk: Screen, other: Screen, client: httpx.Client) -> None:
    other.button("Clear all rules").click()
    expect(other.metric("Customers match")).to_have_text(count(client, "everyone"))
    desk.settle_board()
    expect(desk.chip(INNER, "Total spend")).to_contain_text("$500")
    expect(desk.metric("Customers match")).to_have_text(count(client, LARGER))


def while_the_database_is_frozen(desk: Screen, app: RunningApp, client: httpx.Client) -> None:
    """The board can be used, the numbers say how old they are, and it recovers by itself."""
    shown = desk.metric("Customers match")
    before = shown.inner_text()
    mongod = app.child("mongod")
    mongod.suspend()
    try:
        expect(desk.page.get_by_text("The database does not answer.")).to_be_visible(timeout=60_000)
        expect(shown).to_have_text(before)
        expect(desk.chip(INNER, "Total spend")).to_be_visible()
        assert desk.chip(PALETTE, "Visits").count()
    finally:
        mongod.resume()
    expect(desk.page.get_by_text("The database does not answer.")).to_have_count(0, timeout=60_000)
    expect(desk.page.get_by_text("Exact as of")).to_be_visible()
    expect(shown).to_have_text(count(client, LARGER))
