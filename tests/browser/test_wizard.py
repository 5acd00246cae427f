"""A campaign made by hand, over each channel: written, looked at, tested, scheduled, taken back, launched, steered."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from crm_core.channels.registry import CHANNELS
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from tests.actors import TEST
from tests.browser.screen import Screen
from tests.running_app import RunningApp
from tests.waiting import eventually

HEARD_MS = 300
"""By then the app has begun to store a change."""
VISITED = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 1})


@pytest.fixture(scope="module")
def segment(stocked_app: RunningApp) -> str:
    with stocked_app.services() as services:
        return str(services.segments.save("Visitors", VISITED, actor=TEST)["_id"])


def to_step(desk: Screen, title: str) -> None:
    desk.page.locator("[class*=st-key-rail_]").get_by_role("button", name=title).click()
    expect(desk.page.locator("[class*=st-key-rail_now_]")).to_contain_text(title)
    desk.settle()


def campaign_id(desk: Screen) -> str:
    found = re.search(r"campaign=([0-9a-f]{24})", desk.page.url)
    assert found
    return found[1]


def test_what_is_typed_while_changes_before_it_are_stored_is_stored_too(
    stocked_app: RunningApp, desk: Screen, segment: str
) -> None:
    """Were the changes of one reader stored at once, each would be a conflict with the other."""
    desk.open(f"{stocked_app.url}/new-campaign?segment={segment}&channel=email")
    desk.fill("Campaign name", "Typed ahead")
    to_step(desk, "Message")
    texts = {"Subject": "A subject", "Preheader (optional)": "A preheader", "Message": "A message"}
    with stocked_app.suspended("mongod"):
        for label, text in texts.items():
            desk.fill(label, text)
            desk.page.wait_for_timeout(HEARD_MS)
    expect(desk.page.locator(".st-key-wizard_preview .look")).to_contain_text("A message")
    desk.settle()
    for label, text in texts.items():
        expect(desk.page.get_by_label(label, exact=True)).to_have_value(text)
    with stocked_app.services() as services:
        stored = services.campaigns.get(campaign_id(desk))
    assert [stored["subject"], stored["preheader"], stored["message"]] == list(texts.values())


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_a_campaign_over_each_channel_is_written_reviewed_and_launched(
    stocked_app: RunningApp, desk: Screen, segment: str, channel: str
) -> None:
    desk.open(f"{stocked_app.url}/new-campaign?segment={segment}&channel={channel}")
    desk.fill("Campaign name", f"By {channel}")
    to_step(desk, "Message")
    for line in CHANNELS[channel].lines.values():
        desk.fill(line.label if line.is_required else f"{line.label} (optional)", "For {{ customer.first_name }}")
    desk.fill("Message", "Hello {{ customer.first_name | default: 'there' }}")
    expect(desk.page.locator(".st-key-wizard_preview .look")).to_contain_text("Hello ")
    to_step(desk, "Review")
    launch = desk.page.get_by_role("button", name=re.compile(r"Launch to [\d,]+ customers"))
    expect(launch).to_be_visible(timeout=60_000)
    expect(desk.page.get_by_text("The vendor answers, in")).to_be_visible()
    count = int(re.sub(r"\D", "", launch.inner_text().partition("to ")[2]))
    launch.click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Launch now").click()
    expect(desk.heading(f"By {channel}")).to_be_visible()
    with stocked_app.services() as services:
        wanted = campaign_id(desk)
        eventually(lambda: services.campaigns.get(wanted)["state"] == "completed", what="the end of it")
        assert services.message_log.stats(wanted).reached(MessageState.SENT) == count
    desk.check_health()


def test_an_email_is_tested_scheduled_taken_back_and_a_copy_of_it_edited(
    stocked_app: RunningApp, desk: Screen, segment: str
) -> None:
    desk.open(f"{stocked_app.url}/new-campaign?segment={segment}&channel=email")
    desk.fill("Campaign name", "Written by hand")
    to_step(desk, "Message")
    desk.fill("Subject", "For you")
    desk.button("Test a variant").click()
    expect(desk.page.get_by_text("2 variants, no fault found")).to_be_visible()
    to_step(desk, "Delivery")
    desk.page.get_by_role("radio", name="At a time").click()
    expect(desk.page.get_by_text(re.compile("That is 20.. UTC|That is \\d{4}-"))).to_be_visible()
    to_step(desk, "Review")
    desk.fill("To", "me@shop.example")
    desk.button("Send A and B to me").click()
    expect(desk.page.get_by_text("taken by the vendor after")).to_have_count(2)
    desk.page.get_by_role("button", name=re.compile("Schedule to ")).click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Schedule").click()
    expect(desk.heading("Written by hand")).to_be_visible()
    expect(desk.page.locator(".stMarkdownBadge").filter(has_text="scheduled")).to_be_visible()
    desk.button("Edit").click()
    desk.button("Edit it as a draft").click()
    to_step(desk, "Delivery")
    expect(desk.page.get_by_role("radio", name="At a time")).to_be_checked()
    with stocked_app.services() as services:
        made = services.campaigns.get(campaign_id(desk))
        assert made["state"] == "draft"
        assert made["start_at"]
        assert made["start_at"] > services.clock() - timedelta(minutes=1)
        copy = services.campaigns.duplicate(made["_id"], actor=TEST)
    desk.open(f"{stocked_app.url}/new-campaign?campaign={copy['_id']}&step=message")
    desk.fill("Message", "Another text")
    expect(desk.page.locator(".st-key-wizard_preview .look")).to_contain_text("Another text")
    desk.check_health()
