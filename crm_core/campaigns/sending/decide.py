"""What to do with claimed rows now: send, skip, defer or fail. Pure, so that a rehearsal asks the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crm_core.audience.eligibility import Policy, Recipient, eligibility
from crm_core.campaigns.drafting.content import render_content, sender_of
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.drafting.options import SKIP
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import message_key, seen_at
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.sending.quiet import NEVER, QuietHours
from crm_core.campaigns.states import RowReason
from crm_core.channels.registry import CHANNELS
from crm_core.errors import Permanent
from crm_core.schema.message_states import MessageState


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A rendered message. lines: those beside its text. sender: what an e-mail says of who wrote it.
    unsubscribe_url: for its headers. first_seen: when a receipt for it came before its booking."""

    row: str
    customer_id: str
    key: str
    to: str
    channel: str
    body: str
    lines: Mapping[str, str]
    sender: Mapping[str, str]
    unsubscribe_url: str | None = None
    first_seen: datetime | None = None
    address_key: str | None = None

    def to_wire(self) -> dict[str, str]:
        """As the vendor takes it."""
        wire = {"key": self.key, "to": self.to, "channel": self.channel, "body": self.body}
        wire |= {**self.lines, **self.sender}
        return wire | {"unsubscribe_url": self.unsubscribe_url} if self.unsubscribe_url else wire


@dataclass(frozen=True)
class Decision:
    """By row id. deferred: until when. failed: with the reason; by key, since it is booked. undecided: those whose
    customers would have to be read again."""

    messages: list[OutgoingMessage] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    deferred: dict[str, datetime] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    undecided: list[str] = field(default_factory=list)


def decide(
    campaign: Campaign,
    rows: Sequence[Message],
    people: Mapping[str, Recipient],
    policy: Policy,
    quiet: QuietHours | None,
    formatting: MessageFormat,
    now: datetime,
    *,
    is_fresh: Callable[[], bool] = lambda: True,
) -> Decision:
    """people: by customer id, those who exist. A row that a receipt has raised was sent: nothing is asked any more.
    is_fresh: whether ``people`` are still recent enough to go on; the first row is decided in any case.

    An unexpected error is raised with a note of whose row it was: a customer's document may have been edited by hand.
    """
    made = Decision()
    for place, row in enumerate(rows):
        if place and not is_fresh():
            made.undecided.extend(each["_id"] for each in rows[place:])
            break
        person = people.get(row["customer_id"])
        is_open = row["rank"] == MessageState.PENDING.rank
        try:
            if is_open and _is_held_back(campaign, row, person, policy, quiet, now, made):
                continue
            if person:
                _render(campaign, row, person, formatting, made)
        except Exception as exc:
            exc.add_note(f"customer {row['customer_id']}")
            raise
    return made


def _is_held_back(
    campaign: Campaign,
    row: Message,
    person: Recipient | None,
    policy: Policy,
    quiet: QuietHours | None,
    now: datetime,
    made: Decision,
) -> bool:
    if reason := eligibility(person, campaign["channel"], policy, now):
        made.skipped[row["_id"]] = reason
        return True
    until = quiet.end_for(person.customer, now) if quiet and person else None
    if until is None:
        return False
    if until == NEVER:
        made.skipped[row["_id"]] = RowReason.UNKNOWN_TIME_ZONE
    elif campaign.get("quiet_hours") == SKIP:
        made.skipped[row["_id"]] = RowReason.QUIET_HOURS
    else:
        made.deferred[row["_id"]] = until
    return True


def _render(campaign: Campaign, row: Message, person: Recipient, formatting: MessageFormat, made: Decision) -> None:
    customer = person.customer
    try:
        rendered = render_content(campaign, row.get("variant"), customer, formatting)
    except Permanent:
        made.failed[message_key(row)] = RowReason.TEMPLATE_FAILED
        return
    to = CHANNELS[campaign["channel"]].address_of(customer) or row["customer_id"]
    seen = [max(at, row["created_at"]) for at in seen_at(row)]  # a vendor's clock may be wrong
    made.messages.append(
        OutgoingMessage(
            row["_id"],
            row["customer_id"],
            message_key(row),
            to,
            campaign["channel"],
            rendered.body,
            rendered.lines,
            sender_of(campaign),
            rendered.unsubscribe_url,
            min(seen) if seen else None,
            person.address_key,
        )
    )
