"""An analyst's story: a customer is searched, opened from the list, and it is seen why they are in a segment."""

import re

import pytest
from playwright.sync_api import Locator, expect

from crm_core.campaigns.messages.rows import new_row
from crm_core.infra.mongo import Doc
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from pages._ui.palette import SURFACES
from tests.actors import TEST
from tests.browser.conftest import STOCK
from tests.browser.screen import Screen
from tests.browser.test_newcomer import background, scrolling_sideways
from tests.running_app import RunningApp

SEGMENT = "Has ordered"
ORDERED = {
    "kind": "all",
    "rules": [
        {"kind": "field", "field": "order_count", "op": "gte", "value": 1},
        {"kind": "field", "field": "total_spend", "op": "gt", "value": 1},
    ],
}


@pytest.fixture(scope="module")
def stocked(stocked_app: RunningApp) -> tuple[RunningApp, Doc]:
    """The app with a segment, and the one of its customers who ordered most of those with all details."""
    with stocked_app.services() as services:
        services.segments.save(SEGMENT, load_rule(ORDERED), actor=TEST)
        known = {"name": {"$exists": True}, "email": {"$exists": True}, "phone": {"$exists": True}}
        best = services.db.customers.find(known).sort("order_count", -1).limit(1)[0]
    return stocked_app, best


def test_a_customer_is_found_opened_and_explained(stocked: tuple[RunningApp, Doc], desk: Screen) -> None:
    app, best = stocked
    desk.open(app.url)
    desk.go_to("Customers")
    expect(desk.page.get_by_text(f"{STOCK} customers.")).to_be_visible()
    expect(rows(desk)).to_have_count(25)
    find_by_phone(desk, best)
    open_from_list(desk, best)
    see_all_orders(desk, best)
    see_why(desk)
    come_back(desk)


def rows(screen: Screen) -> Locator:
    return screen.page.get_by_role("table", name="Customers").locator("tbody").get_by_role("row")


def find_by_phone(desk: Screen, best: Doc) -> None:
    desk.fill("Search", best["phone"].replace(" ", "-"))
    expect(desk.page.get_by_text("1 customer found")).to_be_visible()
    expect(rows(desk)).to_have_count(1)
    expect(rows(desk)).to_contain_text(best["email"])
    desk.check_health()


def open_from_list(desk: Screen, best: Doc) -> None:
    """By the keyboard; in the same session, as the words still searched for show afterwards."""
    link = rows(desk).get_by_role("link", name=best["name"])
    link.focus()
    link.press("Enter")
    expect(desk.heading(best["name"])).to_be_visible()
    assert f"customer={best['_id']}" in desk.page.url
    assert best["name"].split()[0] not in desk.page.url
    expect(desk.metric("Orders")).to_have_text(f"{best['order_count']:,}")
    desk.check_health()


def see_all_orders(desk: Screen, best: Doc) -> None:
    orders = desk.page.get_by_role("table", name="Timeline").locator("tbody").get_by_role("row")
    expect(orders).to_have_count(25)
    while (more := desk.button("Show more")).count():
        shown = orders.count()
        more.click()
        expect(orders).not_to_have_count(shown)
        desk.settle()
    assert orders.count() >= best["order_count"] > 25


def see_why(desk: Screen) -> None:
    desk.page.get_by_test_id("stMain").get_by_text("Segments", exact=True).click()
    row = desk.page.get_by_test_id("stExpander").filter(has_text=SEGMENT)
    expect(row).to_contain_text(re.compile(r"in.*ordered \d+ times · spent"))
    row.locator("summary").click()
    conditions = row.get_by_role("listitem")
    expect(conditions).to_have_count(3)
    expect(conditions.last).to_contain_text(re.compile(r"yes.*Total spend more than \$1 · has \$[\d,.]+"))
    desk.check_health()


def come_back(desk: Screen) -> None:
    desk.page.get_by_role("link", name="All customers").click()
    expect(desk.heading("Customers")).to_be_visible()
    desk.check_health()


def test_a_link_of_the_list_can_be_opened_in_a_tab_of_its_own(stocked: tuple[RunningApp, Doc], desk: Screen) -> None:
    app, _ = stocked
    desk.open(f"{app.url}/customers")
    link = rows(desk).get_by_role("link").first
    name = link.inner_text()
    with desk.page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    other = Screen(opened.value)
    expect(other.heading(name)).to_be_visible()
    expect(desk.heading("Customers")).to_be_visible()
    other.check_health()


def test_a_campaign_is_named_on_one_line_of_the_timeline(stocked: tuple[RunningApp, Doc], desk: Screen) -> None:
    app, best = stocked
    with app.services() as services:
        ids, name = [best["_id"]], "Thank you, members"
        sent = services.campaigns.create(name=name, channel="in_app", message="Hi", customer_ids=ids, actor=TEST)
        row = new_row(sent["_id"], best["_id"], channel="in_app", at=services.clock(), state=MessageState.SENT)
        services.message_log.insert([row])
    desk.open(f"{app.url}/customer?customer={best['_id']}")
    timeline = desk.page.get_by_role("table", name="Timeline")
    heights = [timeline.get_by_text(text, exact=True).first.bounding_box() for text in (name, "Order")]
    assert all(heights)
    named, one_line = (box["height"] for box in heights if box)
    assert named < 1.5 * one_line


def test_both_pages_fit_a_phone_in_the_dark(stocked: tuple[RunningApp, Doc], phone: Screen) -> None:
    app, best = stocked
    for path in ("customers", f"customer?customer={best['_id']}", f"customer?customer={best['_id']}&section=segments"):
        phone.open(f"{app.url}/{path}")
        expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
        assert scrolling_sideways(phone) == []
        assert background(phone) == SURFACES["dark"]
        phone.check_health()
