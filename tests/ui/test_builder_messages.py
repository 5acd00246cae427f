"""Rules on messages, on consent and on who is reached, on the board: every choice changes whom they find."""

from datetime import timedelta
from typing import Any

import pytest

from crm_core.campaigns.messages.rows import new_row
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA
from tests.integration.feeding import store_customers
from tests.ui.builder import builder_with, matches, rules_of
from tests.ui.shop import NOW, Shop
from tests.ui.test_builder_board import choose_new

EVERYBODY = load_rule({"kind": "all", "rules": []})
OPENED, FAILED = "Messages opened", "Messages failed"


def campaign(services: Services, name: str, *tags: str) -> str:
    made = services.campaigns.create(
        name=name, channel="in_app", message="Hi", rule=EVERYBODY, tags=list(tags), actor=ASHA
    )
    return made["_id"]


def log(services: Services, name: str, channel: str, state: MessageState, *customers: str, **more: Any) -> None:
    days_ago = more.pop("days_ago", 0)
    at = NOW - timedelta(days=days_ago)
    rows = [new_row(name, each, channel=channel, at=at, state=state, **more) for each in customers]
    services.message_log.insert(rows)


@pytest.fixture
def sale(shop: Shop, workspace: Services) -> str:
    """Two campaigns. Of the shop's forty customers, c01 to c06 have messages."""
    sale, news = campaign(workspace, "Sale", "season"), campaign(workspace, "News")
    log(workspace, sale, "email", MessageState.OPENED, "c01", "c02")
    log(workspace, sale, "email", MessageState.CLICKED, "c03", days_ago=40)
    log(workspace, news, "sms", MessageState.OPENED, "c04")
    log(workspace, news, "sms", MessageState.DELIVERED, "c02")
    log(workspace, news, "email", MessageState.FAILED, "c05", reason="hard_bounce")
    log(workspace, sale, "sms", MessageState.FAILED, "c06", reason="template_failed")
    return sale


def test_every_filter_of_messages_changes_who_is_counted(sale: str) -> None:
    page = builder_with(OPENED)
    page.choose(OPENED, "at least")
    page.choose("Value", 1)
    assert matches(page) == 4
    assert set(page.widget("of campaign").options) == {"Sale", "News"}
    assert page.widget("tagged").options == ["season"]
    for label, value, expected in (
        ("opened in the last days", 30, 3),
        ("over channel", "email", 3),
        ("of campaign", sale, 3),
        ("tagged", "season", 3),
    ):
        page.choose(label, value)
        assert matches(page) == expected, label
        page.choose(label, None)
        assert matches(page) == 4
    page.choose("over channel", "sms")
    page.choose("of campaign", sale)
    assert matches(page) == 0


def test_the_state_decides_what_is_counted_and_only_some_have_a_reason(sale: str) -> None:
    page = builder_with(FAILED)
    page.choose("Value", 1)
    assert matches(page) == 2
    choose_new(page, "for the reason", "hard_bounce")
    assert matches(page) == 1
    page.choose("Messages", "clicked")
    assert rules_of(page) == [{"kind": "messages", "state": "clicked", "op": "gte", "value": 1}]
    assert matches(page) == 1
    page.choose("Messages", "sent")
    assert matches(page) == 6


def test_nobody_who_opened_nothing_is_forgotten(shop: Shop, sale: str) -> None:
    page = builder_with(OPENED)
    page.choose(OPENED, "exactly")
    page.choose("Value", 0)
    assert matches(page) == len(shop.customers) - 4


def test_consent_is_chosen_among_its_states(shop: Shop, workspace: Services) -> None:
    store_customers(
        workspace, {"id": "c01", "consent": {"email": "granted"}}, {"id": "c02", "consent": {"email": "denied"}}
    )
    page = builder_with("Consent to E-mail")
    for words, value, expected in (("is", "granted", 1), ("is", "unknown", len(shop.customers) - 2)):
        page.choose("Consent to E-mail", words)
        page.choose("Value", value)
        assert matches(page) == expected
    page.choose("Consent to E-mail", "is none of")
    page.choose("Values", ["granted", "unknown"])
    assert matches(page) == 1
    assert list(page.widget("Values").options) == ["granted", "denied", "unknown"]


def test_who_can_be_messaged_is_chosen_by_channel(shop: Shop, workspace: Services) -> None:
    store_customers(workspace, {"id": "c01", "phone": "+49 30 123456"}, {"id": "c02", "consent": {"in_app": "denied"}})
    page = builder_with("Can be messaged over SMS")
    assert matches(page) == 1
    page.choose("Channel", "in_app")
    assert rules_of(page) == [{"kind": "reach", "channel": "in_app"}]
    assert matches(page) == len(shop.customers) - 1


def test_who_is_suppressed_is_chosen_by_channel_and_reason(shop: Shop, workspace: Services) -> None:
    workspace.suppressions.add("c01", "email", reason="complaint", actor=ASHA)
    workspace.suppressions.add("c02", "email", reason="manual", actor=ASHA)
    workspace.suppressions.add("c03", "sms", reason="manual", actor=ASHA)
    page = builder_with("Suppressed on E-mail")
    assert matches(page) == 2
    page.choose("For the reason", "complaint")
    assert matches(page) == 1
    assert rules_of(page) == [{"kind": "suppressed", "channel": "email", "reason": "complaint"}]
    page.choose("For the reason", None)
    page.choose("Channel", "sms")
    assert matches(page) == 1
