"""What comes of a rehearsal, in figures: by state, reason, variant and hour, with a few messages to read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.sending.decide import OutgoingMessage
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import STATES, MessageState

EXAMPLES = 3
"""Of each variant."""
MAX_BUCKETS = 336
"""Two weeks of hours."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAX_MOMENTS = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Buckets:
    """Messages by hour of UTC; by day when there would be too many, then by 2 days, 4 days and so on."""

    def __init__(self) -> None:
        self.width = HOUR
        self._counts: Counter[datetime] = Counter()

    def add(self, at: datetime, count: int) -> None:
        self._counts[self._start(at)] += count
        while len(self._counts) > MAX_BUCKETS:
            self.width = DAY if self.width < DAY else self.width * 2
            before, self._counts = self._counts, Counter()
            for start, found in before.items():
                self._counts[self._start(start)] += found

    def items(self) -> list[tuple[datetime, int]]:
        """Start of each that is not empty, in order, with its messages."""
        return sorted(self._counts.items())

    def _start(self, at: datetime) -> datetime:
        return at - (at - _EPOCH) % self.width


@dataclass(frozen=True)
class Deferred:
    """customers: who had to wait for the end of quiet hours. until: when they were first to be asked again, to how
    many, the latest moments left out beyond 100. latest: until when anybody waited."""

    customers: int
    until: Mapping[datetime, int]
    latest: datetime | None


class Tally:
    def __init__(self) -> None:
        self.audience = 0
        self.buckets = Buckets()
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.examples: dict[str | None, list[Doc]] = defaultdict(list)
        self.faults: list[Doc] = []
        self.by_state: Counter[MessageState] = Counter()
        self.reasons: dict[MessageState, Counter[str]] = defaultdict(Counter)
        self.by_variant: dict[str, Counter[MessageState]] = defaultdict(Counter)
        self._until: Counter[datetime] = Counter()
        self._latest: datetime | None = None

    def plan(self, rows: Iterable[Message]) -> list[Message]:
        """Count what the planner would write; returns the rows that are pending."""
        waiting = []
        for row in rows:
            self.audience += 1
            if row["rank"] == MessageState.PENDING.rank:
                waiting.append(row)
            else:
                self.end(row, STATES[row["rank"]], row.get("reason"))
        return waiting

    def end(self, row: Message, state: MessageState, reason: str | None = None) -> None:
        """Nothing more becomes of the row."""
        self.by_state[state] += 1
        if reason:
            self.reasons[state][str(reason)] += 1
        if variant := row.get("variant"):
            self.by_variant[variant][state] += 1

    def fail(self, row: Message, reason: str) -> None:
        """A message that cannot be made; the first few are kept by their customers."""
        self.end(row, MessageState.FAILED, reason)
        if len(self.faults) < EXAMPLES:
            self.faults.append({"customer_id": row["customer_id"], "variant": row.get("variant"), "reason": reason})

    def defer(self, until: Sequence[datetime], *, is_first: bool) -> None:
        """is_first: of rows that have not waited before."""
        if is_first:
            self._until.update(until)
        self._latest = max([*until, *([self._latest] if self._latest else [])], default=None)

    def send(self, at: datetime, sent: Sequence[tuple[Message, OutgoingMessage]]) -> None:
        """Messages that go out at one moment, with their rows."""
        self.buckets.add(at, len(sent))
        self.first_at = self.first_at or at
        self.last_at = at
        for row, message in sent:
            self.end(row, MessageState.SENT)
            if len(shown := self.examples[row.get("variant")]) < EXAMPLES:
                shown.append(_to_example(message, at))

    @property
    def deferred(self) -> Deferred:
        return Deferred(self._until.total(), dict(sorted(self._until.items())[:MAX_MOMENTS]), self._latest)

    @property
    def pending(self) -> int:
        """Of those counted so far, whose turn has not come."""
        return self.audience - self.by_state.total()


def _to_example(message: OutgoingMessage, at: datetime) -> Doc:
    return {"customer_id": message.customer_id, "body": message.body, **message.lines, "at": at}
