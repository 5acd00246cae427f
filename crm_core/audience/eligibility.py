"""Who may get a message: one pure function, asked by preview, planner, sender and rehearsal alike.

``crm_core.audience.reach`` is its mask form; a property test holds the two to one meaning.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import CustomerFields
from crm_core.errors import InvalidInput


class Reason(StrEnum):
    """Why somebody gets no message, in the order in which it is asked: the first that holds counts.

    The last is asked of an audience: an address gets one message of it.
    """

    CUSTOMER_GONE = "customer_gone"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    FREQUENCY_CAP = "frequency_cap"
    SAME_ADDRESS = "same_address"


REASON_LABELS: Mapping[Reason, str] = {
    Reason.CUSTOMER_GONE: "Customer removed",
    Reason.NO_CONSENT: "No consent",
    Reason.NO_ADDRESS: "No address",
    Reason.SUPPRESSED: "Suppressed",
    Reason.FREQUENCY_CAP: "Frequency cap reached",
    Reason.SAME_ADDRESS: "Same address as another customer",
}


@dataclass(frozen=True)
class Cap:
    """No more than ``messages`` over one channel to one customer, and to one address, within ``days`` x 24 h. Raises
    InvalidInput."""

    messages: int
    days: int

    def __post_init__(self) -> None:
        for name, value in (("messages", self.messages), ("days", self.days)):
            if value < 1:
                raise InvalidInput(f"A frequency cap needs at least 1 for {name}, not {value}.", field=name)

    def start(self, now: datetime) -> datetime:
        """The first moment whose messages count, to the millisecond, as the database keeps times.

        There is no last one: what the clock of another machine has sent a little after ``now`` counts as well.
        """
        return now - timedelta(days=self.days, microseconds=now.microsecond % 1000)


@dataclass(frozen=True)
class Policy:
    """unknown_may_be_messaged: opt-out when true; when false, only who granted consent is messaged."""

    unknown_may_be_messaged: bool = True
    cap: Cap | None = None


@dataclass(frozen=True)
class Recipient:
    """customer: a record of CustomerReader or a stored document.

    What holds for the customer or for the address, whoever else has it: suppressed, channels; refused, channels for
    which somebody with the address denied consent. address_key: over the channel that is asked about.
    sent, sent_to_address: channel to when messages were sent over it to the customer, and to the address, aware UTC;
    needed back to the start of the cap's window, without a cap not at all.
    """

    customer: CustomerFields
    suppressed: Collection[str] = ()
    sent: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    refused: Collection[str] = ()
    sent_to_address: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    address_key: str | None = None


def eligibility(person: Recipient | None, channel: str, policy: Policy, now: datetime) -> Reason | None:
    """Why nothing may be sent to ``person`` over ``channel`` at ``now``; None when nothing forbids it.

    person: None when there is no such customer any more. now: aware UTC. Raises InvalidInput for an unknown channel.
    """
    wanted = CHANNELS.named(channel)
    if person is None:
        return Reason.CUSTOMER_GONE
    if channel in person.refused or not _has_consent(person.customer, channel, policy):
        return Reason.NO_CONSENT
    if not wanted.reaches(person.customer):
        return Reason.NO_ADDRESS
    if channel in person.suppressed:
        return Reason.SUPPRESSED
    if policy.cap and _count_sent(person, channel, policy.cap, now) >= policy.cap.messages:
        return Reason.FREQUENCY_CAP
    return None


def _has_consent(customer: CustomerFields, channel: str, policy: Policy) -> bool:
    state = customer.get("consent", {}).get(channel, {}).get("state", "unknown")
    return bool(state == "granted" or (state != "denied" and policy.unknown_may_be_messaged))


def _count_sent(person: Recipient, channel: str, cap: Cap, now: datetime) -> int:
    """The greater of the two numbers: each has to stay below the cap."""
    start = cap.start(now)
    return max(sum(at >= start for at in sent.get(channel, ())) for sent in (person.sent, person.sent_to_address))
