"""The tour as a newcomer goes through it: each step by its button, from an empty workspace to a delivered campaign."""

import re

from playwright.sync_api import expect

from crm_core.access.scopes import Scope
from tests.browser.screen import RULES, Screen
from tests.browser.test_newcomer import Api, drag_in, load_demo_data, next_step
from tests.running_app import RunningApp

LOADED, SPENT_MORE = 400, 100
SEGMENT, CAMPAIGN = "Came back", "First of all"
STARTER = {"kind": "field", "field": "order_count", "op": "gte", "value": 2}


def test_the_tour_leads_from_an_empty_workspace_to_a_delivered_campaign(app: RunningApp, desk: Screen) -> None:
    with app.api(*Scope) as client:
        api = Api(client)
        desk.open_emptied(app.url)
        expect(desk.page.get_by_text("0 of 4 done")).to_be_visible()
        load_demo_data(desk, app, api, customers=LOADED)
        expect(desk.page.get_by_text("1 of 4 done")).to_be_visible()
        build_audience(desk, api)
    write_message(desk)
    launch(desk)
    reach_the_end(desk)
    put_it_away(desk)


def line(desk: Screen, words: str) -> None:
    """The strip above the page."""
    expect(desk.page.locator(".st-key-tour_line")).to_contain_text(words, timeout=60_000)


def build_audience(desk: Screen, api: Api) -> None:
    desk.button("Open the builder").click()
    line(desk, "Step 2 of 4, build an audience: Drag fields")
    desk.settle_board()
    expect(desk.chip(RULES, "Orders in total\n")).to_be_visible()
    drag_in(desk, "Total spend")
    desk.fill("Value in USD", str(SPENT_MORE))
    audience = api.count(STARTER, {"kind": "field", "field": "total_spend", "op": "gt", "value": SPENT_MORE})
    expect(desk.metric("Customers match")).to_have_text(f"{audience:,}")
    desk.button("Use in campaign").click()
    desk.fill("Name", SEGMENT)
    desk.button("Save and continue").click()


def write_message(desk: Screen) -> None:
    expect(desk.heading("New campaign")).to_be_visible()
    desk.fill("Campaign name", CAMPAIGN)
    next_step(desk, "Message")
    line(desk, "Step 3 of 4, write the message: Write the message")
    desk.fill("Message", "Hello {{ customer.first_name | default: 'there' }}, welcome back!")
    line(desk, f"Step 3 of 4, write the message: It is in the campaign “{CAMPAIGN}”.")
    desk.page.reload()
    line(desk, f"It is in the campaign “{CAMPAIGN}”.")
    desk.button("Go to the review").click()


def launch(desk: Screen) -> None:
    line(desk, "Step 4 of 4")
    desk.page.get_by_role("button", name=re.compile(r"Launch to [\d,]+ customers")).click(timeout=60_000)
    desk.page.get_by_role("dialog").get_by_role("button", name="Launch now").click()
    expect(desk.heading(CAMPAIGN)).to_be_visible()


def reach_the_end(desk: Screen) -> None:
    line(desk, "The tour is done.")
    desk.page.get_by_role("link", name="All steps").click()
    ended = desk.page.locator(".st-key-tour_panel")
    expect(ended).to_contain_text("Your first campaign is delivered")
    expect(ended.locator("[class*=st-key-tour_done_]")).to_have_count(4)
    desk.page.reload()
    expect(ended.locator("[class*=st-key-tour_done_]")).to_have_count(4)
    desk.button("Open the campaign").click()
    expect(desk.heading(CAMPAIGN)).to_be_visible()
    desk.check_health()


def put_it_away(desk: Screen) -> None:
    desk.go_to("Overview")
    desk.button("Close").click()
    expect(desk.page.locator(".st-key-tour_panel")).to_have_count(0)
    expect(desk.button("Getting started")).to_be_visible()
    desk.check_health()
