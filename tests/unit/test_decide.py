"""What becomes of claimed rows now: whom a receipt has told of is never asked again."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from crm_core.audience.eligibility import Policy, Recipient
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.sending.decide import Decision, OutgoingMessage, decide
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import stored_customer
from crm_core.schema.message_states import MessageState

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
CAMPAIGN: dict[str, Any] = {"_id": "m", "channel": "in_app", "message": "Hi {{ customer.first_name }}"}
ASHA: dict[str, Any] = {"id": "c1", "name": "Asha Rao", "attributes": {}, "consent": {}}
DENIED = ASHA | {"consent": {"in_app": {"state": "denied"}}}
ALL_DAY = QuietHours.parse("00:00-23:59", "UTC")


def row(state: MessageState = MessageState.PENDING, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {**new_row("m", "c1", channel="in_app", at=NOON), "rank": state.rank, **more}
    return made


def decided(
    asked: dict[str, Any],
    customer: dict[str, Any] | None = ASHA,
    *,
    quiet: QuietHours | None = None,
    campaign: dict[str, Any] = CAMPAIGN,
) -> Decision:
    people = {"c1": Recipient(stored_customer(customer))} if customer else {}
    rows = [cast("Message", asked)]
    return decide(cast("Campaign", campaign), rows, people, Policy(), quiet, MessageFormat(), NOON)


def message(**more: Any) -> OutgoingMessage:
    found = decided(row(MessageState.DELIVERED, **more)).messages
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("state", [MessageState.DELIVERED, MessageState.OPENED, MessageState.FAILED])
def test_a_raised_row_yields_its_message_even_if_messaging_is_no_longer_allowed(state: MessageState) -> None:
    made = decided(row(state), DENIED, quiet=ALL_DAY)
    assert [each.body for each in made.messages] == ["Hi Asha"]
    assert (made.skipped, made.deferred, made.failed) == ({}, {}, {})


def test_an_open_row_of_somebody_who_may_not_be_messaged_is_skipped_with_the_reason() -> None:
    made = decided(row(), DENIED, quiet=ALL_DAY)
    assert (made.skipped, made.deferred, made.messages) == ({"m:c1": "no_consent"}, {}, [])


def test_an_open_row_of_a_customer_who_is_gone_is_skipped_and_a_raised_one_left() -> None:
    assert decided(row(), None).skipped == {"m:c1": "customer_gone"}
    assert decided(row(MessageState.OPENED), None) == Decision()


def test_quiet_hours_make_an_open_row_wait_or_be_skipped_as_the_campaign_says() -> None:
    waits = decided(row(), quiet=ALL_DAY)
    assert waits.deferred == {"m:c1": NOON.replace(hour=23, minute=59)}
    assert (waits.messages, waits.skipped) == ([], {})
    skips = decided(row(), quiet=ALL_DAY, campaign=CAMPAIGN | {"quiet_hours": "skip"})
    assert (skips.skipped, skips.deferred) == ({"m:c1": "quiet_hours"}, {})


def test_the_first_of_two_receipts_sets_first_seen() -> None:
    early, late = NOON + timedelta(seconds=3), NOON + timedelta(seconds=8)
    assert message(opened_at=early, delivered_at=late).first_seen == early
    assert message(opened_at=late, delivered_at=early).first_seen == early
    assert message(clicked_at=late, failed_at=early).first_seen == early


def test_a_vendor_s_clock_cannot_say_that_a_message_was_seen_before_it_was_planned() -> None:
    assert message(delivered_at=NOON - timedelta(days=9)).first_seen == NOON


def test_a_message_that_nobody_told_of_has_no_first_seen() -> None:
    (sent,) = decided(row()).messages
    assert sent.first_seen is None


def test_a_message_that_cannot_be_rendered_fails_alone_under_its_key() -> None:
    broken = CAMPAIGN | {"message": "{{ customer.nobody }}"}
    made = decided(row(n=2), campaign=broken)
    assert (made.failed, made.messages) == ({"m:c1#2": "template_failed"}, [])


def test_a_row_in_its_third_try_has_a_key_of_its_own() -> None:
    assert [each.key for each in decided(row(n=2)).messages] == ["m:c1#2"]
    assert [each.key for each in decided(row()).messages] == ["m:c1#0"]


def test_a_fault_says_whose_row_it_was() -> None:
    with pytest.raises(AttributeError) as fault:
        decided(row(), ASHA | {"consent": "yes"})
    assert fault.value.__notes__ == ["customer c1"]


@pytest.mark.parametrize(
    ("channel", "address"),
    [("in_app", None), ("email", "a@shop.example"), ("sms", "+91 98"), ("whatsapp", "+91 98"), ("push", "t0")],
)
def test_an_address_is_where_its_channel_keeps_it_without_blanks_around_it(channel: str, address: str | None) -> None:
    customer = {"email": " a@shop.example ", "phone": "+91 98\t", "attributes": {"push_token": " t0"}}
    assert CHANNELS[channel].address_of(customer) == address
    assert CHANNELS[channel].address_of({}) is None


def test_a_message_goes_to_the_address_and_in_app_to_the_customer() -> None:
    mail = decided(row(), ASHA | {"email": " a@shop.example "}, campaign=CAMPAIGN | {"channel": "email"})
    assert [(each.to, each.channel) for each in mail.messages] == [("a@shop.example", "email")]
    assert [each.to for each in decided(row()).messages] == ["c1"]


def test_the_vendor_is_told_of_lines_and_sender_only_where_there_are_any() -> None:
    plain = message()
    assert plain.to_wire() == {"key": "m:c1#0", "to": "c1", "channel": "in_app", "body": "Hi Asha"}
    lines = {"subject": "For {{ customer.first_name }}", "preheader": "{{ customer.city }}"}
    mail = CAMPAIGN | {"channel": "email"} | lines | {"from_name": "Nest", "reply_to": "help@nest.example"}
    asha = ASHA | {"email": "a@shop.example"}
    sent = {city: decided(row(), asha | {"city": city}, campaign=mail).messages[0].to_wire() for city in ("Pune", "")}
    links = {each.pop("unsubscribe_url") for each in sent.values()}
    bodies = {each.pop("body") for each in sent.values()}
    assert bodies == {f"Hi Asha\n\n--\nClientNest\nUnsubscribe: {link}" for link in links}
    told = plain.to_wire() | {"to": "a@shop.example", "channel": "email", "subject": "For Asha"}
    told |= {"from_name": "Nest", "reply_to": "help@nest.example"}
    del told["body"]
    assert sent == {"Pune": told | {"preheader": "Pune"}, "": told}
