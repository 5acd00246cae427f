"""What questions are answered from: the customers, orders and messages of one version of the snapshot."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.audience.snapshot.shard import Shard
from crm_core.rules.clock_shifts import shifts_in
from crm_core.rules.engines.columns import EPOCH, Coded, Mask, Messages, Numbers, Steps, to_ms
from crm_core.schema.message_states import MessageState, ranks_reaching
from crm_core.schema.statuses import ORDER_STATUSES, SPEND_STATUSES

Span = tuple[int, int]
"""From the first ms to the one before the second."""
Whole = NDArray[np.integer[Any]]
HALF_BITS = 26
HALF = (1 << HALF_BITS) - 1
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
THURSDAY = 3
"""The weekday of 1970-01-01; Monday is 0."""


@dataclass(frozen=True)
class OrderRows:
    """Orders that count, in order of time. nets: what each adds to the spend, minor units, below 0 for a return.
    is_order: False for a return. customers: rows of the part."""

    customers: Whole
    times: NDArray[np.int64]
    nets: NDArray[np.int64]
    is_order: Mask


@dataclass(frozen=True)
class MessageRows:
    """Messages that were sent, in order of the time at which they were. places: among all of the part."""

    places: Whole
    customers: Whole
    times: NDArray[np.int64]
    ranks: NDArray[np.int8]

    def reached(self, state: MessageState) -> Mask:
        return _have_reached(state, self.ranks)

    def count(self, state: MessageState) -> int:
        """How many have reached it."""
        return int(self._by_rank[list(ranks_reaching(state))].sum())

    @cached_property
    def _by_rank(self) -> NDArray[np.intp]:
        return np.bincount(self.ranks.view(np.uint8), minlength=len(MessageState))


@dataclass(frozen=True)
class Touches:
    """Times at which messages reached a state, in that order, with the places of these messages and their customers."""

    places: Whole
    customers: Whole
    times: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FactPart:
    """Some customers with all that is known of them. people: which rows of the shard are meant."""

    shard: Shard
    people: Mask

    @property
    def size(self) -> int:
        return self.shard.size

    @cached_property
    def _is_whole(self) -> bool:
        return bool(self.people.all())

    def orders(self, span: Span | None = None) -> OrderRows:
        held = self.shard.columns.orders
        cut = _cut(held.times, span)
        customers, codes = held.customers[cut], held.statuses.codes[cut]
        wanted = np.flatnonzero(_among(held.statuses, SPEND_STATUSES)[codes] & self._are_meant(customers))
        is_order = _among(held.statuses, ORDER_STATUSES)[codes.take(wanted)]
        times, nets = held.times[cut].take(wanted), held.nets[cut].take(wanted).astype(np.int64, copy=False)
        return OrderRows(customers.take(wanted), times, nets, is_order)

    def messages(self, span: Span | None = None) -> MessageRows:
        held = self._messages
        cut = _cut(held.times, span)
        customers, ranks = held.customers[cut], held.ranks[cut]
        wanted = np.flatnonzero(_have_reached(MessageState.SENT, ranks) & self._are_meant(customers))
        return MessageRows(wanted + (cut.start or 0), customers[wanted], held.times[cut][wanted], ranks[wanted])

    def of_campaign(self, campaign_id: str) -> MessageRows:
        """All messages of a campaign that are on their way or at their end, skipped ones too."""
        held = self._messages
        codes = [code for code, value in enumerate(held.campaigns.values) if value == campaign_id]
        found = np.flatnonzero(held.campaigns.codes == codes[0]) if codes else np.empty(0, dtype=np.intp)
        found = found[self._are_meant(held.customers[found])]
        return MessageRows(found, held.customers[found], held.times[found], held.ranks[found])

    def reasons(self, messages: MessageRows, wanted: Collection[str]) -> Mask:
        """Which of the messages have one of these reasons."""
        held = self._messages.reasons
        found: Mask = _among(held, wanted)[held.codes[messages.places]]
        return found

    def campaigns(self, places: Whole) -> tuple[Whole, Sequence[str]]:
        """Of messages at these places: the codes of their campaigns, and the ids that these stand for."""
        held = self._messages.campaigns
        return held.codes[places], held.values

    def rows_of(self, ids: Sequence[str]) -> NDArray[np.intp]:
        """Of those of these customers who are meant and in this part."""
        rows = self.shard.ids.rows(ids)
        return rows[self.people[rows]]

    @property
    def message_count(self) -> int:
        """Places that a message can have."""
        return self._messages.times.size

    def touches(self, state: MessageState, span: Span | None = None) -> Touches:
        """state: delivered, opened or clicked."""
        held = self._messages
        if state is MessageState.DELIVERED:
            found = np.flatnonzero(_have_reached(state, held.ranks))
            times = held.times[found] + held.delays[found]
            order = np.argsort(times, kind="stable")
            steps = Steps(found[order].astype(np.int32), times[order])
        else:
            steps = held.opened if state is MessageState.OPENED else held.clicked
        cut = _cut(steps.times, span)
        places = steps.places[cut]
        wanted = self._are_meant(held.customers[places])
        return Touches(places[wanted], held.customers[places][wanted], steps.times[cut][wanted])

    def numbers(self, name: str) -> tuple[NDArray[Any], Mask]:
        """The values of a field of those who are meant and have one, and which rows these are."""
        column = self.column(name)
        rows = self.people if column.present is None else self.people & column.present
        return column.values[rows], rows

    def days_since(self, name: str, facts: "Facts") -> NDArray[np.int64]:
        """Of those who are meant and have such a time: whole days from its day to today, 0 for one that is ahead."""
        days = to_local(self.numbers(name)[0].astype(np.int64), facts.zone) // DAY_MS
        return np.maximum((facts.today - EPOCH.date()).days - days, 0)

    def column(self, name: str) -> Numbers:
        """Of a field of numbers, money or dates."""
        found = self.shard.columns.fields[name]
        assert isinstance(found, Numbers)
        return found

    @property
    def _messages(self) -> Messages:
        held = self.shard.columns.messages
        assert held is not None
        return held

    def _are_meant(self, customers: Whole) -> Mask:
        return np.ones(customers.size, dtype=bool) if self._is_whole else self.people[customers]


@dataclass(frozen=True)
class Facts:
    """Each customer is in one part. today: the day that it is in ``zone``."""

    parts: Sequence[FactPart]
    zone: tzinfo
    today: date


def sums(times: NDArray[np.int64], edges: NDArray[np.int64], values: NDArray[Any]) -> NDArray[np.int64]:
    """Of values at times in order, how much lies from each edge to the next."""
    running = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    found: NDArray[np.int64] = np.diff(running[np.searchsorted(times, edges)])
    return found


def exact_sums(groups: Whole, values: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """What the values of each group add up to. In two halves, since ``bincount`` adds up doubles."""
    low, high = (np.bincount(groups, half, size) for half in (values & HALF, values >> HALF_BITS))
    found: NDArray[np.int64] = low.astype(np.int64) + (high.astype(np.int64) << HALF_BITS)
    return found


def count_people(customers: Whole) -> int:
    """How many different ones."""
    if not customers.size:
        return 0
    is_there = np.zeros(int(customers.max()) + 1, dtype=bool)
    is_there[customers] = True
    return int(np.count_nonzero(is_there))


def hours_of_week(times: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
    """How many of the times lie in each hour of the week there, Monday's first, as 7 rows of 24."""
    if not times.size:
        return np.zeros((7, 24), dtype=np.int64)
    local = to_local(times, zone)
    hours = (local // HOUR_MS + THURSDAY * 24) % (7 * 24)
    return np.bincount(hours, minlength=7 * 24).astype(np.int64).reshape(7, 24)


def to_local(times: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
    """Moved by what the zone's clocks are from UTC, so that whole days begin at multiples of a day."""
    if not times.size:
        return times
    first, last = (datetime.fromtimestamp(int(ms) / 1000, UTC).year for ms in (times.min(), times.max()))
    shifts = [each for year in range(first, last + 1) for each in shifts_in(zone, year)]
    since = np.array([to_ms(moment) for moment, _ in shifts], dtype=np.int64)
    by = np.array([shift // timedelta(milliseconds=1) for _, shift in shifts], dtype=np.int64)
    moved: NDArray[np.int64] = times + by[np.searchsorted(since, times, side="right") - 1]
    return moved


def _cut(times: NDArray[np.int64], span: Span | None) -> slice:
    return slice(None) if span is None else slice(*map(int, np.searchsorted(times, span)))


def _have_reached(state: MessageState, ranks: NDArray[np.int8]) -> Mask:
    table = np.zeros(max(each.rank for each in MessageState) + 1, dtype=bool)
    table[list(ranks_reaching(state))] = True
    found: Mask = table[ranks]
    return found


def _among(column: Coded, wanted: Collection[str]) -> Mask:
    """By code; the last place is that of the code -1."""
    return np.array([value in wanted for value in column.values] + [False])
