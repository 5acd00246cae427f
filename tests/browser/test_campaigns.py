"""Campaigns in a real browser: the controls that are clicked in a hurry, the table, and times that go on."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, expect

from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.states import CampaignState
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from pages._ui.branding import ASSETS
from pages._ui.formats import JOINT, relative_time
from tests.actors import ASHA, BELA, TEST
from tests.browser.screen import Screen
from tests.integration.feeding import store_customers
from tests.running_app import RunningApp
from tests.waiting import eventually

LOOKS_S = 4
"""The page of a campaign that is not sent looks for news at least that often."""
PAUSES = int(os.environ.get("CLIENTNEST_PAUSES", "2"))
RULE = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 1})
MESSAGE = "Hi {{ customer.first_name }}"


@pytest.fixture
def nothing_is_sent(stocked_app: RunningApp) -> Iterator[None]:
    """The delivery worker stands still, so that a campaign goes on until somebody ends it."""
    worker = stocked_app.child("delivery")
    worker.suspend()
    yield
    worker.resume()


def draft(services: Services, name: str) -> str:
    return services.campaigns.create(name=name, channel="in_app", message=MESSAGE, rule=RULE, actor=ASHA)["_id"]


def delivered(services: Services, name: str, count: int) -> str:
    """A campaign that is over."""
    campaign = draft(services, name)
    services.campaigns.launch(campaign, actor=BELA)
    eventually(lambda: services.campaigns.get(campaign).get("finished_at"), what=f"the end of {name}")
    rows = [
        new_row(campaign, f"x{n}", channel="in_app", at=services.clock(), state=MessageState.OPENED)
        for n in range(count)
    ]
    if rows:
        services.message_log.insert(rows)
    return campaign


def click_at_once(screen: Screen, button: Locator) -> None:
    """Where it stands now, as a hand does that has aimed already: without waiting until the page is at rest."""
    button.wait_for(state="visible")
    box = button.bounding_box()
    assert box
    screen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


@pytest.mark.usefixtures("nothing_is_sent")
def test_a_click_on_pause_right_after_a_launch_is_never_lost(stocked_app: RunningApp, desk: Screen) -> None:
    with stocked_app.services() as services:
        for number in range(PAUSES):
            campaign = draft(services, f"Hurry {number}")
            desk.open(f"{stocked_app.url}/campaign?campaign={campaign}")
            desk.button("Review and launch").click()
            desk.page.get_by_role("button", name=re.compile(r"Launch to [\d,]+ customers")).click()
            desk.page.get_by_role("dialog").get_by_role("button", name="Launch now").click()
            click_at_once(desk, desk.button("Pause"))
            expect(desk.page.get_by_text("Paused by local admin")).to_be_visible()
            assert_it_stays(services, desk, campaign)
            assert services.campaigns.get(campaign)["state"] == CampaignState.PAUSED
            services.campaigns.cancel(campaign, actor=TEST)
        desk.check_health()


def assert_it_stays(services: Services, screen: Screen, campaign: str) -> None:
    """A button that comes beside it moves it nowhere."""
    resume = screen.button("Resume")
    before = resume.bounding_box()
    one = services.db.messages.find_one_and_update(
        {"campaign_id": campaign}, {"$set": {"rank": MessageState.FAILED.rank}}
    )
    services.moves.note([campaign])
    assert one
    expect(screen.button("Retry failed …")).to_be_visible()
    assert resume.bounding_box() == before


def test_the_table_is_sorted_chosen_from_and_archived_by_hand(stocked_app: RunningApp, desk: Screen) -> None:
    with stocked_app.services() as services:
        small, large = delivered(services, "Small one", 1), delivered(services, "Large one", 9)
    desk.open(f"{stocked_app.url}/campaigns?search=one")
    table = desk.page.get_by_role("table", name="Campaigns")
    names = table.get_by_role("link")
    expect(names).to_have_text(["Large one", "Small one"])
    table.get_by_role("button", name="Campaign").click()
    expect(table.get_by_role("columnheader", name="Campaign")).to_have_attribute("aria-sort", "ascending")
    table.get_by_role("button", name="Campaign").press("Enter")
    expect(names).to_have_text(["Small one", "Large one"])
    expect(desk.page).to_have_url(f"{stocked_app.url}/campaigns?search=one&sort=-name")
    table.get_by_label("Choose Small one").press("Space")
    expect(desk.page.get_by_text("1 chosen")).to_be_visible()
    expect(desk.button("Duplicate")).to_be_visible()
    desk.button("Archive …").click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Archive 1").click()
    expect(names).to_have_text(["Large one"])
    expect(desk.page.get_by_text("1 chosen")).to_have_count(0)
    names.first.click()
    expect(desk.heading("Large one")).to_be_visible()
    with stocked_app.services() as services:
        assert services.campaigns.get(small).get("archived_at")
        assert not services.campaigns.get(large).get("archived_at")
    desk.check_health()


def test_a_page_of_numbers_goes_on_after_the_end_of_its_campaign(stocked_app: RunningApp, desk: Screen) -> None:
    with stocked_app.services() as services:
        campaign = delivered(services, "Late receipts", 3)
        desk.open(f"{stocked_app.url}/campaign?campaign={campaign}")
        opened = desk.page.locator(".identity-words .part").filter(has_text="opened, not clicked")
        expect(opened).to_contain_text("3 opened")
        more = [
            new_row(campaign, f"y{n}", channel="in_app", at=services.clock(), state=MessageState.OPENED) for n in "ab"
        ]
        services.message_log.insert(more)
        expect(opened).to_contain_text("5 opened")
    expect(desk.page.get_by_text("unchanged since, goes on counting")).to_be_visible()


def test_news_of_a_page_that_was_left_do_not_empty_the_next_one(stocked_app: RunningApp, desk: Screen) -> None:
    """The page of a campaign looks for news by itself, until its browser hears that it was left."""
    with stocked_app.services() as services:
        campaign = draft(services, "Left in the middle")
    desk.open(f"{stocked_app.url}/campaign?campaign={campaign}")
    with stocked_app.suspended():
        desk.button("Review and launch").click()
        desk.page.wait_for_timeout(2 * 1000 * LOOKS_S)
    expect(desk.page.get_by_text("What will happen")).to_be_visible()
    desk.settle()
    desk.page.wait_for_timeout(1000 * LOOKS_S)
    expect(desk.page.get_by_text("What will happen")).to_be_visible()


def test_who_was_skipped_for_the_address_leads_to_who_is_written_to_there(
    stocked_app: RunningApp, desk: Screen
) -> None:
    with stocked_app.services() as services:
        campaign = delivered(services, "Twins", 0)
        store_customers(services, {"id": "twin-1", "name": "Asha Twin"}, {"id": "twin-2", "name": "Bela Twin"})
        first = new_row(campaign, "twin-1", channel="email", at=services.clock(), address_key="twin@example.com")
        second = new_row(campaign, "twin-2", channel="email", at=services.clock(), address_key="twin@example.com")
        services.message_log.insert([first])
        services.message_log.insert([second])
    desk.open(f"{stocked_app.url}/campaign?campaign={campaign}&section=recipients&search=twin")
    row = desk.page.get_by_role("table", name="Recipients").get_by_role("row").filter(has_text="Bela Twin")
    expect(row).to_contain_text("Skipped: same address as Asha Twin")
    row.get_by_role("link", name="Asha Twin").click()
    expect(desk.heading("Asha Twin")).to_be_visible()
    desk.open(f"{stocked_app.url}/customer?customer=twin-2")
    desk.page.get_by_role("table", name="Timeline").get_by_role("link", name="Asha Twin").click()
    expect(desk.heading("Asha Twin")).to_be_visible()
    desk.check_health()


def test_what_says_how_long_ago_something_was_goes_on(stocked_app: RunningApp, desk: Screen) -> None:
    """Nothing draws the page of segments again."""
    with stocked_app.services() as services:
        services.segments.save("Counted once", RULE, actor=TEST)
    desk.open(f"{stocked_app.url}/segments")
    card = desk.page.get_by_test_id("stCaptionContainer").filter(has_text=re.compile(r"^Counted (just|\d)")).first
    expect(card).to_contain_text(re.compile(r"Counted [1-9]\d\sseconds ago"))


def test_times_are_told_as_the_server_would_tell_them_later(desk: Screen) -> None:
    begun = datetime(2026, 6, 15, 12, tzinfo=UTC)
    said = [begun - timedelta(minutes=3), begun + timedelta(hours=2), begun - timedelta(hours=23), begun, begun]
    texts = [f"Seen {relative_time(then, begun)}, by Asha" for then in said] + [f"5{JOINT}min ago", "Due in 3 minutes"]
    script = quote((ASSETS / "ages.js").read_text())
    desk.page.clock.install(time=begun)
    desk.page.set_content("".join(f"<p>{text}</p>" for text in texts))
    desk.page.evaluate(f"import('data:text/javascript,{script}').then(it => it.default())")
    for passed in (timedelta(minutes=4), timedelta(hours=1, minutes=56), timedelta(days=2)):
        desk.page.clock.fast_forward(passed // timedelta(milliseconds=1))
        begun += passed
        later = [f"Seen {relative_time(then, begun)}, by Asha" for then in said]
        shown = desk.page.get_by_role("paragraph").all_inner_texts()
        assert shown[: len(later)] == later
        assert shown[-1] == texts[-1], "people have written it"
    assert shown[-2] == f"50{JOINT}h ago"
