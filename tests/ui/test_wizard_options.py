"""What is chosen for a new campaign is what its message log and the vendor get, option by option."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.planning.split import is_held_out, places
from crm_core.channels.registry import CHANNELS
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import STATES, MessageState
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.wizard import launch, review, to_step
from tests.workspace import set_workspace

SIZE = 8
Rows = dict[str, tuple[str, str | None]]


@pytest.fixture
def page(workspace: Services) -> Page:
    """A draft to eight customers who can be reached over every channel."""
    Shop(
        [
            {
                "id": f"c{n}",
                "name": f"Kim {n}",
                "email": f"kim{n}@shop.example",
                "phone": f"+49 151 2000 100{n}",
                "visits": n,
                "attributes": {"push_token": f"token-{n}"},
                "consent": dict.fromkeys(CHANNELS, "granted"),
            }
            for n in range(SIZE)
        ]
    ).store_in(workspace)
    rule = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 0})
    everybody = workspace.segments.save("Everybody", rule, actor=TEST)
    return Page("new_campaign", segment=everybody["_id"])


def sent(page: Page, services: Services) -> tuple[Rows, list[dict[str, Any]]]:
    """Rehearse, launch and deliver; returns state and reason by customer, and what the vendor was given."""
    review(page, services)
    launch(page)
    rig = Rig(services)
    (campaign,) = services.db.campaigns.find()
    rig.plan()
    rig.deliver()
    rows = services.db.messages.find({"campaign_id": campaign["_id"]})
    found = {row["customer_id"]: (str(STATES[row["rank"]]), row.get("reason")) for row in rows}
    return found, [dict(message) for message in rig.vendor.accepted.values()]


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_every_channel_gets_what_was_written_for_it(workspace: Services, page: Page, channel: str) -> None:
    to_step(page, "message")
    page.choose("Channel", channel)
    page.choose("Message", "Hello {{ customer.first_name }}")
    expected: dict[str, str] = {"channel": channel}
    for name, line in CHANNELS[channel].lines.items():
        page.choose(line.label if line.is_required else f"{line.label} (optional)", f"My {name}")
        expected[name] = f"My {name}"
    if CHANNELS[channel].has_sender:
        page.choose("From", "Nest Books")
        page.choose("Reply to", "help@nest.example")
        expected |= {"from_name": "Nest Books", "reply_to": "help@nest.example"}
    rows, messages = sent(page, workspace)
    assert set(rows.values()) == {("sent", None)}
    assert len(messages) == SIZE
    assert all(expected.items() <= message.items() for message in messages)
    assert all(message["body"].startswith("Hello Kim") for message in messages)


def leave_out_a_segment(page: Page, services: Services, _: TestClock) -> None:
    rule = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 5})
    often = services.segments.save("Often", rule, actor=TEST)
    page.run()
    page.choose("Customers of these segments", [often["_id"]])


def leave_out_recent(page: Page, services: Services, clock: TestClock) -> None:
    for customer, days in (("c1", 2), ("c2", 4)):
        at = clock.now - timedelta(days=days)
        services.message_log.insert([new_row("earlier", customer, channel="sms", at=at, state=MessageState.SENT)])
    page.choose("Recipients of any campaign in the last … days", 3)


def choose_customers(page: Page, services: Services, _: TestClock) -> None:
    page.choose("Audience", "customers")
    page.choose("Paste customer ids or e-mail addresses", "c3\nkim4@shop.example")
    page.click("Add these")


def skip_in_quiet_hours(page: Page, services: Services, clock: TestClock) -> None:
    hour = clock.now.hour
    set_workspace(services, quiet_hours=f"{hour:02}:00-{(hour + 1) % 24:02}:00")
    elsewhere = {"$set": {"attributes.time_zone": "Pacific/Kiritimati"}}
    services.db.customers.update_one({"_id": "c7"}, elsewhere)
    to_step(page, "delivery")
    page.choose("In their quiet hours", "skip")


def wait_in_quiet_hours(page: Page, services: Services, clock: TestClock) -> None:
    set_workspace(services, quiet_hours=f"{clock.now.hour:02}:00-{(clock.now.hour + 1) % 24:02}:00")


@pytest.mark.parametrize(
    ("choose", "others"),
    [
        (leave_out_a_segment, {f"c{n}": ("skipped", "excluded_segment") for n in range(5, SIZE)}),
        (leave_out_recent, {"c1": ("skipped", "messaged_recently")}),
        (choose_customers, dict.fromkeys([f"c{n}" for n in range(SIZE) if n not in (3, 4)])),
        (skip_in_quiet_hours, {f"c{n}": ("skipped", "quiet_hours") for n in range(SIZE - 1)}),
        (wait_in_quiet_hours, {f"c{n}": ("pending", "quiet_hours") for n in range(SIZE)}),
    ],
)
def test_each_option_decides_who_gets_a_message(
    workspace: Services,
    page: Page,
    clock: TestClock,
    choose: Callable[[Page, Services, TestClock], None],
    others: dict[str, tuple[str, str] | None],
) -> None:
    choose(page, workspace, clock)
    rows, messages = sent(page, workspace)
    expected = {f"c{n}": others.get(f"c{n}", ("sent", None)) for n in range(SIZE)}
    assert rows == {customer: row for customer, row in expected.items() if row is not None}
    assert len(messages) == sum(row == ("sent", None) for row in rows.values())


def test_holdout_and_variants_share_the_audience(workspace: Services, page: Page) -> None:
    to_step(page, "message")
    page.click("Test a variant")
    page.choose("Message", "First")
    page.choose("Variant", 1)
    page.choose("Message", "Second")
    to_step(page, "delivery")
    page.choose("Hold back, in percent of the audience", 50.0)
    page.choose("Tags", ["spring"])
    rows, messages = sent(page, workspace)
    (campaign,) = workspace.db.campaigns.find()
    assert campaign["tags"] == ["spring"]
    held = {customer for customer, row in rows.items() if row == ("held_out", None)}
    by_variant = {row["customer_id"]: row.get("variant") for row in workspace.db.messages.find()}
    texts = {message["to"]: message["body"] for message in messages}
    assert texts == {who: {"A": "First", "B": "Second"}[str(by_variant[who])] for who in rows if who not in held}
    assert held == {who for who in rows if is_held_out(places(campaign["seed"], who)[0], 50)}
