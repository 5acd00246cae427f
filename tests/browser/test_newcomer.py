"""A newcomer's whole story, by hand: from an empty workspace to a delivered campaign, and on a phone in the dark."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from crm_core.access.scopes import Scope
from crm_core.rules.loading import load_rule
from pages._ui.palette import SURFACES
from tests.actors import TEST
from tests.browser.screen import BIN, PALETTE, RULES, Screen
from tests.running_app import RunningApp

LOADED = 3_000
"""Customers, of the 20,000 that the button asks for."""
SPENT_MORE = 1500
VISITED_MORE = 20
SEGMENT, CAMPAIGN = "Big spenders", "Spring thank-you"
SPEND = {"kind": "field", "field": "total_spend", "op": "gt", "value": SPENT_MORE}
VISITS = {"kind": "field", "field": "visits", "op": "gt", "value": VISITED_MORE}


@pytest.fixture
def used(stocked_app: RunningApp) -> tuple[str, str]:
    """A workspace that is in use, with a segment and a campaign that was sent: their ids."""
    with stocked_app.services() as services:
        segment = services.segments.save("Customers who have spent something", load_rule(SPEND), actor=TEST)
        campaign = services.campaigns.create(
            name="A campaign with a rather long name, as people give them",
            channel="in_app",
            message="Hi {{ customer.first_name }}",
            segment_id=segment["_id"],
            actor=TEST,
        )
        services.campaigns.launch(campaign["_id"], actor=TEST)
    return segment["_id"], campaign["_id"]


class Api:
    """The same questions, asked of the REST API."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def preview(self, *rules: Any) -> dict[str, Any]:
        body = {"rule": {"kind": "all", "rules": rules}, "sample": 1}
        return self._json(self._client.post("/segments/preview", json=body))

    def count(self, *rules: Any) -> int:
        return int(self.preview(*rules)["count"])

    def stats(self, campaign_id: str) -> dict[str, Any]:
        return self._json(self._client.get(f"/campaigns/{campaign_id}/stats"))

    def send_order(self) -> None:
        answer = self._client.post("/orders", json={"id": "newcomer-1", "customer_id": "newcomer", "amount": 1})
        assert answer.status_code == 202, answer.text

    def _json(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def test_a_newcomer_gets_from_an_empty_workspace_to_a_delivered_campaign(app: RunningApp, desk: Screen) -> None:
    with app.api(*Scope) as client:
        api = Api(client)
        load_demo_data(desk, app, api)
        watch_an_order_arrive(desk, api)
        build_audience(desk, api)
        save_and_go_on(desk)
        audience = api.count(SPEND, VISITS)
        write_message(desk)
        launch(desk, audience)
        watch_until_delivered(desk, api, audience)
    find_it_among_the_campaigns(desk)


def load_demo_data(desk: Screen, app: RunningApp, api: Api, *, customers: int = LOADED) -> None:
    desk.open_emptied(app.url)
    assert api.count() == 0
    with app.suspended("ingest"):
        with app.suspended("jobs"), app.services() as services:
            desk.button("Load demo data").click()
            expect(desk.page.get_by_text("Waits for the jobs worker")).to_be_visible()
            fewer = services.db.jobs.update_one({"params.customers": 20_000}, {"$set": {"params.customers": customers}})
            assert fewer.modified_count == 1
        expect(desk.page.get_by_text("records made")).to_be_visible()
    expect(desk.heading("Overview")).to_be_visible(timeout=120_000)
    for label in ("Orders", "Revenue", "Active customers", "Reached"):
        expect(desk.metric(label)).to_have_text(re.compile("[1-9]"))
    desk.check_health()


def watch_an_order_arrive(desk: Screen, api: Api) -> None:
    """The figures follow without anybody's doing."""
    orders = int(desk.metric("Orders").inner_text().replace(",", ""))
    api.send_order()
    expect(desk.metric("Orders")).to_have_text(f"{orders + 1:,}")


def build_audience(desk: Screen, api: Api) -> None:
    """The count on the screen is that of the API after each change, and each change changes it."""
    desk.go_to("Audience builder")
    shown = desk.metric("Customers match")
    everyone, spenders = api.count(), api.count(SPEND)
    expect(shown).to_have_text(f"{everyone:,}")
    drag_in(desk, "Total spend")
    expect(desk.page.get_by_text("Not counted yet")).to_be_visible()
    desk.fill("Value in USD", str(SPENT_MORE))
    expect(shown).to_have_text(f"{spenders:,}")

    drag_in(desk, "City")
    city = choose_first_city(desk)
    from_city = api.count(SPEND, {"kind": "field", "field": "city", "op": "in", "value": [city]})
    expect(shown).to_have_text(f"{from_city:,}")
    desk.drag(desk.chip(RULES, "City"), BIN)
    expect(shown).to_have_text(f"{spenders:,}")
    desk.settle_board()
    expect(desk.chip(RULES, "City")).to_have_count(0)
    desk.carry(desk.chip(PALETTE, "Visits"))
    desk.settle_board()
    expect(desk.chip(RULES, "Visits")).to_contain_text("choose a value below")
    desk.fill("Value", str(VISITED_MORE))
    visitors = api.count(SPEND, VISITS)
    expect(shown).to_have_text(f"{visitors:,}")
    assert everyone > spenders > visitors > 0
    assert 0 < from_city < spenders
    desk.check_health()


def drag_in(desk: Screen, field: str) -> None:
    """After it the board is drawn anew, with the field back in the palette and as an unfinished rule."""
    desk.drag(desk.board.get_by_text(field, exact=True), RULES)
    desk.settle_board()
    expect(desk.chip(RULES, f"{field}\n")).to_contain_text("choose a value below")
    expect(desk.board.get_by_text(field, exact=True)).to_be_visible()


def choose_first_city(desk: Screen) -> str:
    desk.page.get_by_label("Values", exact=True).click()
    option = desk.page.get_by_role("option").first
    city = option.inner_text().strip()
    option.click()
    return city


def save_and_go_on(desk: Screen) -> None:
    desk.button("Use in campaign").click()
    desk.fill("Name", SEGMENT)
    desk.button("Save and continue").click()
    expect(desk.heading("New campaign")).to_be_visible()


def write_message(desk: Screen) -> None:
    desk.fill("Campaign name", CAMPAIGN)
    expect(desk.heading(CAMPAIGN)).to_be_visible()
    next_step(desk, "Message")
    desk.fill("Message", "Hello {{ customer.first_name | default: 'there' }}, thank you!")
    shown = desk.page.locator(".st-key-wizard_preview .look")
    expect(shown).to_have_text(re.compile(r"Hello (?!there)[^{]+, thank you!"))
    read = shown.inner_text()
    desk.page.reload()
    expect(shown).to_have_text(read)
    desk.check_health()


def next_step(desk: Screen, title: str) -> None:
    desk.page.locator(".st-key-page_header").get_by_role("button", name=title).click()
    expect(desk.page.locator("[class*=st-key-rail_now_]")).to_contain_text(title)


def launch(desk: Screen, audience: int) -> None:
    next_step(desk, "Delivery")
    next_step(desk, "Review")
    desk.button(f"Launch to {audience:,} customers …").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Now, {CAMPAIGN} goes over In-app to {audience:,} customers.")
    dialog.get_by_role("button", name="Launch now").click()
    expect(desk.heading(CAMPAIGN)).to_be_visible()


def watch_until_delivered(desk: Screen, api: Api, audience: int) -> None:
    """Until every message has its receipt; then the parts on the screen make up the audience."""
    expect(desk.page.get_by_text("completed")).to_be_visible(timeout=60_000)
    identity = desk.page.locator(".identity-words")
    expect(identity).to_contain_text(f"{audience:,} audience = ")
    expect(identity).not_to_contain_text(re.compile(r"pending|\d sent"), timeout=60_000)
    expect(identity).to_contain_text("adds up")
    campaign_id = desk.page.url.partition("campaign=")[2].partition("&")[0]
    by_state = {state: count for state, count in api.stats(campaign_id)["by_state"].items() if count}
    parts = re.findall(r"([\d,]+) (delivered|failed|skipped)", identity.inner_text())
    assert {state: int(count.replace(",", "")) for count, state in parts} == by_state
    assert sum(by_state.values()) == audience
    assert by_state["delivered"] > audience / 2
    desk.check_health()


def find_it_among_the_campaigns(desk: Screen) -> None:
    desk.go_to("Campaigns")
    row = desk.page.get_by_role("row").filter(has_text=CAMPAIGN)
    expect(row).to_contain_text("Completed")
    row.get_by_role("link", name=CAMPAIGN).click()
    expect(desk.heading(CAMPAIGN)).to_be_visible()
    desk.go_to("Segments")
    expect(desk.page.get_by_text(SEGMENT)).to_be_visible()
    desk.check_health()


def test_no_page_is_wider_than_a_phone_and_all_are_dark_in_dark_mode(
    app: RunningApp, used: tuple[str, str], phone: Screen
) -> None:
    segment_id, campaign_id = used
    paths = ["", "segments", "campaigns", f"campaign?campaign={campaign_id}"]
    paths += [f"data?section={section}" for section in ("import", "streams", "errors", "attributes")]
    paths += [f"{page}?segment={segment_id}" for page in ("audience-builder", "new-campaign")]
    wide, light = [], []
    for path in paths:
        phone.open(f"{app.url}/{path}")
        expect(phone.page.get_by_role("heading", level=1)).to_be_visible()
        wide += [f"{path}: {too_wide}" for too_wide in scrolling_sideways(phone)]
        if background(phone) != SURFACES["dark"]:
            light.append(path)
        phone.check_health()
    assert not wide
    assert not light


def scrolling_sideways(screen: Screen) -> list[str]:
    """What scrolls to the side: the document, or the part of it in which the page scrolls."""
    found: list[str] = screen.page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .filter(part => part.scrollWidth > part.clientWidth)
            .map(part => `${part.tagName} ${part.scrollWidth} > ${part.clientWidth}`)"""
    )
    return found


def background(screen: Screen) -> str:
    """As #RRGGBB."""
    colour: str = screen.page.get_by_test_id("stApp").evaluate("part => getComputedStyle(part).backgroundColor")
    return "#" + "".join(f"{int(part):02X}" for part in re.findall(r"\d+", colour)[:3])
