"""Who may get a message: each reason by itself, and the order in which they are asked."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_core.audience.eligibility import REASON_LABELS, Cap, Policy, Reason, Recipient, eligibility
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import CustomerFields, stored_customer
from crm_core.errors import InvalidInput

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
OPT_OUT, STRICT = Policy(), Policy(unknown_may_be_messaged=False)
TWO_A_WEEK = Policy(cap=Cap(2, 7))
REACHABLE: CustomerFields = {"email": "a@example.com", "phone": "+911234567", "attributes": {"push_token": "t0"}}


def ask(customer: Mapping[str, Any], channel: str = "in_app", policy: Policy = OPT_OUT) -> Reason | None:
    return eligibility(Recipient(stored_customer(customer)), channel, policy, NOW)


def consent(state: str, channel: str = "in_app") -> dict[str, Any]:
    return {"consent": {channel: {"state": state}}}


def days_ago(*days: float) -> list[datetime]:
    return [NOW - timedelta(days=each) for each in days]


def test_a_customer_who_is_gone_gets_nothing() -> None:
    assert eligibility(None, "in_app", OPT_OUT, NOW) is Reason.CUSTOMER_GONE


@pytest.mark.parametrize("policy", [OPT_OUT, STRICT])
def test_denied_consent_forbids_and_granted_permits(policy: Policy) -> None:
    assert ask(consent("denied"), policy=policy) is Reason.NO_CONSENT
    assert ask(consent("granted"), policy=policy) is None


@pytest.mark.parametrize("customer", [{}, {"consent": {}}, consent("unknown")])
def test_the_policy_says_whether_unknown_consent_permits(customer: dict[str, Any]) -> None:
    assert ask(customer) is None
    assert ask(customer, policy=STRICT) is Reason.NO_CONSENT


def test_consent_counts_per_channel() -> None:
    customer = REACHABLE | {"consent": {"sms": {"state": "denied"}, "in_app": {"state": "granted"}}}
    found = {channel: ask(customer, channel) for channel in CHANNELS}
    assert found == dict.fromkeys(CHANNELS) | {"sms": Reason.NO_CONSENT}


def test_in_app_needs_no_address_and_every_other_channel_its_own() -> None:
    expected = dict.fromkeys(CHANNELS, Reason.NO_ADDRESS) | {"in_app": None}
    assert {channel: ask({}, channel) for channel in CHANNELS} == expected
    only_phone = expected | {"sms": None, "whatsapp": None}
    assert {channel: ask({"phone": "+911234567"}, channel) for channel in CHANNELS} == only_phone
    assert {channel: ask({"email": "a@example.com"}, channel) for channel in CHANNELS} == expected | {"email": None}


@pytest.mark.parametrize("token", [None, "", "  ", 0, 17, True, ["t0"], 1.5])
def test_a_push_token_is_a_text_that_is_not_blank(token: Any) -> None:
    assert ask({"attributes": {"push_token": token}}, "push") is Reason.NO_ADDRESS
    assert ask({"attributes": {"push_token": "t0"}}, "push") is None
    assert ask({"push_token": "t0"}, "push") is Reason.NO_ADDRESS


def test_a_suppression_forbids_its_channel_only() -> None:
    person = Recipient(REACHABLE, suppressed={"email"})
    found = {channel: eligibility(person, channel, OPT_OUT, NOW) for channel in CHANNELS}
    assert found == dict.fromkeys(CHANNELS) | {"email": Reason.SUPPRESSED}


@pytest.mark.parametrize(
    ("days", "reason"),
    [
        ((), None),
        ((1,), None),
        ((1, 2), Reason.FREQUENCY_CAP),
        ((1, 7), Reason.FREQUENCY_CAP),
        ((1, 7.00001), None),
        ((8, 9, 10), None),
        ((0, 0), Reason.FREQUENCY_CAP),
        ((-0.001, 1), Reason.FREQUENCY_CAP),
    ],
)
def test_the_cap_counts_messages_of_its_days_their_first_instant_included(
    days: tuple[float, ...], reason: Reason | None
) -> None:
    person = Recipient({}, sent={"in_app": days_ago(*days)})
    assert eligibility(person, "in_app", TWO_A_WEEK, NOW) is reason
    assert eligibility(person, "in_app", OPT_OUT, NOW) is None


def test_the_cap_counts_one_channel() -> None:
    person = Recipient(REACHABLE, sent={"email": days_ago(1, 2)})
    assert eligibility(person, "sms", TWO_A_WEEK, NOW) is None
    assert eligibility(person, "email", TWO_A_WEEK, NOW) is Reason.FREQUENCY_CAP


@pytest.mark.parametrize(
    ("customer", "address", "reason"),
    [(2, 0, Reason.FREQUENCY_CAP), (0, 2, Reason.FREQUENCY_CAP), (1, 1, None), (1, 3, Reason.FREQUENCY_CAP)],
)
def test_the_cap_holds_for_the_customer_and_for_the_address(customer: int, address: int, reason: Reason | None) -> None:
    """Each by itself: a message to both counts once."""
    sent, sent_to = ({"email": days_ago(*range(count))} for count in (customer, address))
    assert eligibility(Recipient(REACHABLE, sent=sent, sent_to_address=sent_to), "email", TWO_A_WEEK, NOW) is reason


def test_the_first_reason_in_the_order_counts() -> None:
    sent = {"email": days_ago(1, 2)}
    customer: dict[str, Any] = consent("denied", "email")
    found = []
    for change in ({}, consent("granted", "email"), {"email": "a@example.com"}):
        customer = customer | change
        found.append(eligibility(Recipient(stored_customer(customer), {"email"}, sent), "email", TWO_A_WEEK, NOW))
    found.append(eligibility(Recipient(stored_customer(customer), (), sent), "email", TWO_A_WEEK, NOW))
    assert [Reason.CUSTOMER_GONE, *found, Reason.SAME_ADDRESS] == list(Reason)


def test_an_unknown_channel_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match=r"no channel 'fax'; allowed are in_app, email, sms, whatsapp, push\."):
        ask({}, "fax")


@pytest.mark.parametrize(("messages", "days", "name"), [(0, 7, "messages"), (1, 0, "days"), (1, -1, "days")])
def test_a_cap_of_nothing_is_refused(messages: int, days: int, name: str) -> None:
    with pytest.raises(InvalidInput, match=f"at least 1 for {name}"):
        Cap(messages, days)


def test_each_reason_has_a_label_for_people() -> None:
    assert REASON_LABELS.keys() == set(Reason)
    assert len(set(REASON_LABELS.values())) == len(Reason)
