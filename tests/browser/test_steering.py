"""A campaign steered by hand to its end: paused, resumed, its failures looked at and sent again, its copy edited."""

import re
from collections import Counter
from itertools import count

from playwright.sync_api import Locator, expect

from crm_core.campaigns.states import CampaignState
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from crm_core.vendor_behaviour import Behaviour
from tests.actors import ASHA
from tests.browser.screen import Screen
from tests.faults.holding import frozen
from tests.integration.feeding import store_customers
from tests.running_app import RunningApp
from tests.told_vendor import behaving
from tests.waiting import eventually
from workers.vendor.outcome import decide_outcome

PEOPLE = [f"steered-{number}" for number in range(6)]
AUDIENCE = load_rule({"kind": "field", "field": "tags", "op": "has_any", "value": ["steered"]})
FAILING = {"unreachable": 3, "device_offline": 2, "blocked_by_recipient": 1}
"""Who blocks messages is sent none any more, not even by a retry."""
REACHED = len(PEOPLE) - FAILING["blocked_by_recipient"]


def seed_for(campaign_id: str) -> int:
    """One by which all messages of the campaign fail, for these reasons."""
    keys = [f"{campaign_id}:{who}#0" for who in PEOPLE]

    def reasons(seed: int) -> Counter[str | None]:
        return Counter(decide_outcome(key, Behaviour(seed=seed, success_rate=0)).reason for key in keys)

    return next(seed for seed in count() if reasons(seed) == FAILING)


def made(services: Services) -> str:
    store_customers(services, *({"id": who, "name": f"Name {who}", "tags": ["steered"]} for who in PEOPLE))
    draft = services.campaigns.create(name="Steered", channel="in_app", message="Hi", rule=AUDIENCE, actor=ASHA)
    return draft["_id"]


def launch(desk: Screen, customers: int) -> None:
    """From the review, on which the screen is, once the campaign was rehearsed."""
    button = desk.button(f"Launch to {customers} customers …")
    expect(button).to_be_visible(timeout=60_000)
    button.click()
    desk.page.get_by_role("dialog").get_by_role("button", name="Launch now").click()


def part(desk: Screen, words: str) -> Locator:
    """Of the line that adds up."""
    return desk.page.locator(".identity-words .part").filter(has_text=words)


def show_section(desk: Screen, name: str) -> None:
    desk.page.get_by_role("radio", name=re.compile(name)).click()


def test_a_campaign_is_steered_by_hand_to_its_last_message(stocked_app: RunningApp, desk: Screen) -> None:
    with stocked_app.services() as services:
        campaign = made(services)
        with behaving(stocked_app, seed=seed_for(campaign), success_rate=0):
            pause_and_resume(stocked_app, desk, campaign)
            expect(part(desk, "failed")).to_contain_text("6 failed", timeout=60_000)
            expect(desk.page.get_by_text("completed")).to_be_visible()
        look_at_the_failures(desk)
        with behaving(stocked_app, success_rate=1):
            send_again(desk)
            assert states(services, campaign) == {"delivered": REACHED, "skipped": 1}
            copy = edit_a_copy(desk)
            eventually(lambda: services.campaigns.get(copy)["state"], lambda state: state == CampaignState.COMPLETED)
        sent = services.db.messages.find({"campaign_id": copy, "rank": {"$lt": MessageState.SKIPPED.rank}})
        assert [row["text"] for row in sent] == ["Hi again"] * REACHED
    desk.check_health()


def pause_and_resume(app: RunningApp, desk: Screen, campaign: str) -> None:
    desk.open(f"{app.url}/campaign?campaign={campaign}")
    with frozen(app, "delivery"):
        desk.button("Review and launch").click()
        launch(desk, len(PEOPLE))
        desk.button("Pause").click()
        expect(desk.page.get_by_text("Paused by local admin")).to_be_visible()
        expect(part(desk, "pending")).to_contain_text("6 pending")
        desk.button("Resume").click()
        expect(desk.button("Pause")).to_be_visible()


def look_at_the_failures(desk: Screen) -> None:
    show_section(desk, "Failures")
    rows = desk.page.get_by_role("table", name="Failed").get_by_role("row")
    expect(rows).to_have_count(1 + len(FAILING))
    for row, (words, number) in enumerate((("Unreachable", 3), ("Device offline", 2), ("Blocked by recipient", 1)), 1):
        expect(rows.nth(row)).to_contain_text(re.compile(f"^{words}.*{number}"))
    rows.nth(1).get_by_role("link").click()
    expect(desk.page.get_by_role("table", name="Recipients").get_by_role("row")).to_have_count(1 + 3)


def send_again(desk: Screen) -> None:
    desk.button("Retry failed …").click()
    dialog = desk.page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{REACHED} failed messages are sent once more, if consent and limits still allow")
    expect(dialog).to_contain_text("1 gets nothing")
    dialog.get_by_role("button", name="Send again").click()
    expect(part(desk, "delivered")).to_contain_text(f"{REACHED} delivered", timeout=60_000)
    expect(part(desk, "failed")).to_have_count(0)
    show_section(desk, "Failures")
    skipped = desk.page.get_by_role("table", name="Skipped").get_by_role("row")
    expect(skipped.nth(1)).to_contain_text("Suppressed")
    expect(desk.button("Retry failed …")).to_have_count(0)


def states(services: Services, campaign: str) -> dict[str, int]:
    found = services.message_log.stats(campaign).by_state
    return {str(state): number for state, number in found.items() if number}


def edit_a_copy(desk: Screen) -> str:
    """By the buttons of the campaign, to its launch; returns its id."""
    desk.button("Duplicate").click()
    expect(desk.heading("Steered (copy)")).to_be_visible()
    desk.button("Edit").click()
    rail = desk.page.locator("[class*=st-key-rail_]")
    rail.get_by_role("button", name="Message").click()
    desk.fill("Message", "Hi again")
    expect(desk.page.locator(".st-key-wizard_preview .look")).to_contain_text("Hi again")
    rail.get_by_role("button", name="Review").click()
    launch(desk, REACHED)
    expect(desk.heading("Steered (copy)")).to_be_visible()
    found = re.search(r"campaign=([0-9a-f]{24})", desk.page.url)
    assert found
    return found[1]
