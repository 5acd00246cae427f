"""What somebody may see and change who has the link of a message: whether its customer gets any more."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from pymongo.client_session import ClientSession

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission, Role
from crm_core.audience.eligibility import Policy, Reason, eligibility
from crm_core.audience.model import Suppression
from crm_core.audience.suppressions import Suppressions, looks_like_address
from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.moves import Moves
from crm_core.campaigns.messages.rows import row_id
from crm_core.campaigns.sending.recipients import Recipients
from crm_core.campaigns.unsubscribing.links import Link, read_token
from crm_core.campaigns.unsubscribing.masking import mask_address
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.customers.consent import ConsentRecords
from crm_core.customers.model import ChannelConsent
from crm_core.errors import NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc
from crm_core.schema.suppressions import SuppressionReason

SOURCE: Final = "unsubscribe page"
"""Of the consent."""
PAGE: Final = Actor(
    ActorKind.SYSTEM, "unsubscribe_page", SOURCE, Role.ADMIN, limit=frozenset({Permission.WRITE_CONSENT})
)
REASON: Final[SuppressionReason] = "unsubscribed"


@dataclass(frozen=True)
class Choice:
    """Messages over one channel. address: masked; None where the channel needs none. consent: granted, denied or
    unknown. is_on: whether messages come. may_change: not when somebody else has stopped them."""

    channel: Channel
    address: str | None
    consent: str
    is_on: bool
    may_change: bool = True


@dataclass(frozen=True)
class Choices:
    """own: of the channel of the link. others: over which the customer can be reached as well. is_sample: of the link
    in a preview or a test message, which changes nothing."""

    own: Choice
    others: tuple[Choice, ...] = ()
    is_sample: bool = False


class Unsubscriptions:
    """key: of the links. policy: as it is now.

    Each function takes the token of a link. It raises NotFound for one that this key did not make, and for a customer
    who is no more.
    """

    def __init__(
        self,
        db: Db,
        recipients: Recipients,
        consent: ConsentRecords,
        suppressions: Suppressions,
        audit: AuditLog,
        moves: Moves,
        clock: Clock,
        *,
        key: Callable[[], bytes],
        policy: Callable[[], Policy],
    ) -> None:
        self._messages = messages_in(db)
        self._recipients = recipients
        self._consent = consent
        self._suppressions = suppressions
        self._audit = audit
        self._moves = moves
        self._clock = clock
        self._key = key
        self._policy = policy

    def knows(self, token: str) -> bool:
        """Whether this key made it; nothing is read of its customer."""
        return read_token(self._key(), token) is not None

    def choices(self, token: str) -> Choices:
        link = self._read(token)
        own = CHANNELS[link.channel]
        if link.campaign_id is None:
            return Choices(Choice(own, None, "unknown", is_on=True), is_sample=True)
        first = self._choice(link.customer_id, own)
        others = (self._choice(link.customer_id, each) for each in CHANNELS.values() if each is not own)
        return Choices(first, tuple(each for each in others if each.address or each.channel.address is None))

    def stop(self, token: str, channel: str | None = None) -> Choices:
        """No more messages over ``channel``, from now on; None: over that of the link. Harmless to repeat."""
        link = self._read(token, channel)
        if link.campaign_id is not None:
            self._stop(link.customer_id, link.channel, link.campaign_id)
        return self.choices(token)

    def allow(self, token: str, channel: str | None = None) -> Choices:
        """The way back: the customer wants messages. It lifts nothing that somebody else has stopped."""
        link = self._read(token, channel)
        if link.campaign_id is not None:
            self._allow(link.customer_id, link.channel, link.campaign_id)
        return self.choices(token)

    def _stop(self, customer_id: str, channel: str, campaign_id: str) -> None:
        """All that an unsubscription does. What is suppressed already stays so for its reason."""
        self._tell(customer_id, channel, "denied", campaign_id)
        if self._suppression(customer_id, channel) is None:
            self._suppress(customer_id, channel, f"campaign:{campaign_id}")

    def _suppress(self, customer_id: str, channel: str, source: str) -> None:
        """The address, so that nobody who comes to have it is written to; the customer where the channel needs none."""
        person = self._recipients.read([customer_id], channel, None, self._clock()).get(customer_id)
        address = CHANNELS[channel].address_of(person.customer) if person else None
        if address and looks_like_address(CHANNELS[channel].address or "", address):
            self._suppressions.add_address(channel, address, reason=REASON, actor=PAGE, source=source)
        else:
            self._suppressions.add(customer_id, channel, reason=REASON, actor=PAGE, source=source)

    def _allow(self, customer_id: str, channel: str, campaign_id: str) -> None:
        found = self._suppression(customer_id, channel)
        if found and found["reason"] == REASON:
            self._suppressions.lift_row(found["_id"], actor=PAGE)
        self._tell(customer_id, channel, "granted", campaign_id)

    def _tell(self, customer_id: str, channel: str, state: str, campaign_id: str) -> None:
        """Put consent on record, with the campaign, and mark its message."""

        def change(session: ClientSession) -> None:
            if self._consent.state(customer_id, channel, session) == state:
                return
            told = ChannelConsent(state=state, source=SOURCE, at=self._clock(), campaign_id=campaign_id)
            self._consent.put(customer_id, channel, told, session)
            self._mark(customer_id, channel, campaign_id, session, is_gone=state == "denied")
            details = {"channel": channel, "consent": state, "campaign": campaign_id}
            target = self._audit.pseudonyms.of(customer_id)
            self._audit.record(PAGE, "consent.change", target, details, session=session)

        self._audit.together(change)

    def _mark(self, customer_id: str, channel: str, campaign_id: str, session: ClientSession, *, is_gone: bool) -> None:
        """A campaign counts whom it lost over its own channel."""
        query: Doc = {"_id": row_id(campaign_id, customer_id), "channel": channel}
        query["unsubscribed_at"] = None if is_gone else {"$ne": None}
        change = {"$set": {"unsubscribed_at": self._clock()}} if is_gone else {"$unset": {"unsubscribed_at": ""}}
        if self._messages.update_one(query, change, session=session).modified_count:
            self._moves.note_unsubscribed(campaign_id, session)

    def _suppression(self, customer_id: str, channel: str) -> Suppression | None:
        """Of the customer, or of the address."""
        return self._suppressions.of_one(customer_id).get(channel)

    def _read(self, token: str, channel: str | None = None) -> Link:
        link = read_token(self._key(), token)
        if link is None or link.channel not in CHANNELS or (channel or link.channel) not in CHANNELS:
            raise NotFound("This link is not one of ours.")
        return replace(link, channel=channel or link.channel)

    def _choice(self, customer_id: str, channel: Channel) -> Choice:
        now, policy = self._clock(), replace(self._policy(), cap=None)
        person = self._recipients.read([customer_id], channel.name, None, now).get(customer_id)
        if person is None:
            raise NotFound("There is no such customer any more.")
        address = channel.address_of(person.customer)
        shown = mask_address(address) if address else None
        consent = person.customer.get("consent", {}).get(channel.name, {}).get("state", "unknown")
        reason = eligibility(person, channel.name, policy, now)
        found = self._suppression(customer_id, channel.name)
        is_by_customer = consent != "granted" or (found is not None and found["reason"] == REASON)
        may_change = reason in (None, Reason.NO_ADDRESS) or is_by_customer
        return Choice(channel, shown, consent, is_on=reason is None, may_change=may_change)
