"""Test messages: a campaign as one customer would get it, sent at once to an address of its author's choice."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Final

import phonenumbers
from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import Redis

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.campaigns.drafting.content import ADDRESS, Rendered, render_content, sender_of
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.sending.decide import OutgoingMessage
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.channels.sender import Answer, Sender
from crm_core.customers.model import Customer
from crm_core.customers.reading import CustomerReader
from crm_core.errors import Conflict, InvalidInput, Permanent
from crm_core.infra.streams import redis_translated

PREFIX: Final = "test:"
"""Begins the key of a test message, and the name of its campaign at the vendor: no row of the message log has it, so
receipts for it change nothing."""
MARK: Final = "[Test] "
MAX_A_MINUTE: Final = 10
MAX_ADDRESS: Final = 254
_PRINTABLE: Final = re.compile(r"\S(.*\S)?")


@dataclass(frozen=True)
class TestMessage:
    """variant: its name, None without variants. answer: of the vendor, which refuses with a reason."""

    __test__ = False

    variant: str | None
    rendered: Rendered
    answer: Answer


@dataclass(frozen=True)
class TestSend:
    """to: the address. took_ms: of the vendor's answer."""

    __test__ = False

    to: str
    took_ms: float
    messages: Sequence[TestMessage] = field(default_factory=tuple)


class TestSends:
    """formatting, country: the workspace's, as they are now. sender: raises InvalidInput when there is none."""

    __test__ = False

    def __init__(
        self,
        client: Redis,
        reader: CustomerReader,
        audit: AuditLog,
        *,
        sender: Callable[[], Sender],
        formatting: Callable[[], MessageFormat],
        country: Callable[[], str | None],
    ) -> None:
        storage = RedisStorage("redis://shared:6379", connection_pool=client.connection_pool, key_prefix="tests")
        self._limiter = SlidingWindowCounterRateLimiter(storage)
        self._reader = reader
        self._audit = audit
        self._sender = sender
        self._formatting = formatting
        self._country = country

    def send(
        self, campaign: Campaign, variants: Sequence[str | None] = (), *, to: str, customer_id: str, actor: Actor
    ) -> TestSend:
        """Each variant as the customer would get it, to ``to``; without variants the campaign's own message.

        campaign: also a draft that is not stored. Nothing is kept in the message log. Raises InvalidInput for an
        address that the channel has not, and for a message that this customer cannot get; NotFound; Conflict for too
        many within a minute; Unavailable when the vendor does not answer.
        """
        actor.require(Permission.WRITE_CAMPAIGNS)
        channel, sender = CHANNELS[campaign["channel"]], self._sender()
        address = self._check_address(to, channel)
        customer, formatting = self._reader.customer(customer_id, actor=actor), self._formatting()
        rendered = {each: _render(campaign, each, customer, formatting) for each in variants or (None,)}
        self._count(actor)
        campaign_id = campaign.get("_id") or "draft"
        outgoing = {each: _outgoing(campaign, campaign_id, address, made) for each, made in rendered.items()}
        details = {"channel": channel.name, "messages": len(outgoing), "to": self._audit.pseudonyms.of(address)}
        self._audit.record(actor, "campaign.test", campaign_id, {"name": campaign.get("name"), **details})
        began = time.monotonic()
        answers = sender.send(f"{PREFIX}{campaign_id}", [each.to_wire() for each in outgoing.values()])
        took_ms = round((time.monotonic() - began) * 1000, 1)
        messages = [TestMessage(each, rendered[each], answers[made.key]) for each, made in outgoing.items()]
        return TestSend(address, took_ms, messages)

    def _check_address(self, text: str, channel: Channel) -> str:
        """Raises InvalidInput."""
        address = text.strip()
        match channel.address:
            case "email":
                is_good = bool(ADDRESS.fullmatch(address))
            case "phone":
                is_good = _is_phone(address, self._country())
            case _:
                is_good = bool(_PRINTABLE.fullmatch(address)) and address.isprintable()
        if not is_good or len(address) > MAX_ADDRESS:
            needed = "the id of a customer" if channel.address is None else channel.address_words
            raise InvalidInput(
                f"A test over {channel.label} needs {needed}, not {address[:MAX_ADDRESS]!r}.", field="to"
            )
        return address

    def _count(self, actor: Actor) -> None:
        with redis_translated():
            if not self._limiter.hit(RateLimitItemPerMinute(MAX_A_MINUTE), actor.id):
                raise Conflict(f"You have sent {MAX_A_MINUTE} tests within a minute: wait for one.")


def _is_phone(text: str, country: str | None) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, country))
    except phonenumbers.NumberParseException:
        return False


def _render(campaign: Campaign, variant: str | None, customer: Customer, formatting: MessageFormat) -> Rendered:
    """Raises InvalidInput."""
    try:
        made = render_content(campaign, variant, customer, formatting)
    except Permanent as exc:
        whose = f" of variant {variant}" if variant else ""
        raise InvalidInput(f"The message{whose} cannot be sent to this customer: {exc}.", field="message") from None
    subject = made.lines.get("subject")
    return replace(made, lines={**made.lines, "subject": f"{MARK}{subject}"}) if subject else made


def _outgoing(campaign: Campaign, campaign_id: str, to: str, made: Rendered) -> OutgoingMessage:
    row = f"{PREFIX}{campaign_id}:{token_hex(8)}"
    key, channel = f"{row}#0", campaign["channel"]
    return OutgoingMessage(row, "", key, to, channel, made.body, made.lines, sender_of(campaign), made.unsubscribe_url)
