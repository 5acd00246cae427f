"""One rehearsal: a walk over the audience and the rounds after it, on a virtual clock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from crm_core.audience.eligibility import Reason, Recipient
from crm_core.campaigns.drafting.content import stored_fields_of
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import as_same_address, split_key
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.planning.planner import CHUNK
from crm_core.campaigns.rehearsal.pacing import Pacing
from crm_core.campaigns.rehearsal.tally import Tally
from crm_core.campaigns.rehearsal.waiting import WaitingRows
from crm_core.campaigns.sending.decide import OutgoingMessage, decide
from crm_core.campaigns.sending.delivery import SendingRules
from crm_core.campaigns.sending.recipients import Recipients
from crm_core.campaigns.sending.release import ROUND_REST
from crm_core.schema.message_states import MessageState

HORIZON = timedelta(days=366)
"""What would go out later than so long after the start stays pending."""
MAX_DECISIONS = 30
"""For each customer, on average: with a rate that the hours of a day do not suffice for, each day decides anew."""


@dataclass(frozen=True)
class Stage:
    """How far a rehearsal is. customers: walked. waiting: for the end of quiet hours. now: on its clock."""

    customers: int
    waiting: int
    now: datetime


class DryRun:
    """One walk and the rounds after it, as the campaign worker releases them and one delivery worker takes them."""

    def __init__(
        self,
        campaign: Campaign,
        start: datetime,
        plan: Plan,
        recipients: Recipients,
        pacing: Pacing,
        rules: SendingRules,
        waiting: WaitingRows,
    ) -> None:
        self.tally = Tally()
        self.now = start
        self._campaign = campaign
        self._stored = stored_fields_of(campaign)
        self._last = start + HORIZON
        self._plan = plan
        self._recipients = recipients
        self._pacing = pacing
        self._rules = rules
        self._waiting = waiting
        self._released_at = start
        self._mark = ""
        self._decisions = 0
        self._is_first_round = True

    def go(self, size: int, progress: Callable[[Stage], None], is_cancelled: Callable[[], bool]) -> bool:
        """size: rows in a batch. Returns whether everybody's turn came."""
        for _ in self._steps(size):
            progress(Stage(self.tally.audience, self.tally.pending, self.now))
            if is_cancelled() or self._is_beyond():
                return False
        return True

    def _is_beyond(self) -> bool:
        return self.now > self._last or self._decisions > MAX_DECISIONS * max(self.tally.audience, CHUNK)

    def _steps(self, size: int) -> Iterator[None]:
        yield from self._walk(size)
        self._is_first_round = False
        while due := self._waiting.earliest():
            self.now = max(self.now, due)
            if not self._waiting.next_due(self.now, after=self._mark, limit=1):
                self.now = max(self.now, self._released_at + ROUND_REST)
                self._mark = ""
            yield from self._round(size)

    def _walk(self, size: int) -> Iterator[None]:
        """Customers are read by the thousand, whole batches of them, however small these are."""
        rows, count = self._planned(), size * max(1, CHUNK // size)
        while ahead := list(islice(rows, count)):
            people = self._read(ahead)
            for place in range(0, len(ahead), size):
                self._deliver(ahead[place : place + size], people)
            yield

    def _planned(self) -> Iterator[Message]:
        ids = self._plan.walk(self._campaign)
        while chunk := list(islice(ids, CHUNK)):
            yield from self.tally.plan(map(self._as_written, self._plan.rows(self._campaign, chunk, at=self.now)))

    def _as_written(self, row: Message) -> Message:
        """Who is held out is so with the address, which one alone can have."""
        if (key := row.get("address_key")) is None:
            return row
        holder = self._waiting.take_address(key, row["customer_id"])
        return row if holder == row["customer_id"] else as_same_address(row, holder)

    def _round(self, size: int) -> Iterator[None]:
        people, asked = dict[str, Recipient](), set[str]()
        while rows := self._waiting.next_due(self.now, after=self._mark, limit=size):
            if not asked.issuperset(row["customer_id"] for row in rows):
                ahead = self._waiting.next_due(self.now, after=self._mark, limit=max(size, CHUNK))
                people, asked = self._read(ahead), {row["customer_id"] for row in ahead}
            self._waiting.remove(rows)
            self._deliver(rows, people)
            yield

    def _read(self, rows: Sequence[Message]) -> dict[str, Recipient]:
        """Read ahead of their turn: what the cap counts then is among what it counts now."""
        customer_ids = [row["customer_id"] for row in rows]
        channel, cap = self._campaign["channel"], self._rules.policy.cap
        return self._recipients.read(
            customer_ids, channel, cap, self.now, campaign_id=self._campaign["_id"], stored=self._stored
        )

    def _deliver(self, rows: Sequence[Message], people: Mapping[str, Recipient]) -> None:
        """What the delivery worker does with a batch, but for the vendor and the bookings."""
        self._released_at, self._mark = self.now, rows[-1]["customer_id"]
        while rows:
            rows = self._decide(rows, people)

    def _take_addresses(
        self, rows: Mapping[str, Message], messages: Sequence[OutgoingMessage]
    ) -> list[OutgoingMessage]:
        """Those to an address that nobody else of this campaign gets a message at."""
        sent = []
        for message in messages:
            key = message.address_key
            if key is None or self._waiting.take_address(key, message.customer_id) == message.customer_id:
                sent.append(message)
            else:
                self.tally.end(rows[message.row], MessageState.SKIPPED, Reason.SAME_ADDRESS)
        return sent

    def _decide(self, rows: Sequence[Message], people: Mapping[str, Recipient]) -> list[Message]:
        """Returns the rows that waited for the rate for so long that they are decided anew."""
        self._decisions += len(rows)
        rules = self._rules
        made = decide(self._campaign, rows, people, rules.policy, rules.quiet, rules.formatting, self.now)
        by_id = {row["_id"]: row for row in rows}
        for row_id, reason in made.skipped.items():
            self.tally.end(by_id[row_id], MessageState.SKIPPED, reason)
        for key, reason in made.failed.items():
            self.tally.fail(by_id[split_key(key)[0]], reason)
        self.tally.defer(list(made.deferred.values()), is_first=self._is_first_round)
        self._waiting.put((by_id[row_id], until) for row_id, until in made.deferred.items())
        sent = self._take_addresses(by_id, made.messages)
        messages = iter([(by_id[message.row], message) for message in sent])
        batches, self.now = self._pacing.spend(len(sent), self.now)
        for count, at in batches:
            self.tally.send(at, list(islice(messages, count)))
        return [row for row, _ in messages]
