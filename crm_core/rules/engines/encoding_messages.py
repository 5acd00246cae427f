"""Stored messages as the columns that the mask engine reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.coding import Codes, ReadTimes, Records, joined, smallest
from crm_core.rules.engines.columns import Coded, Messages, Steps
from crm_core.rules.engines.single import Record
from crm_core.schema.message_states import MessageState, ranks_reaching, reached_at

UNCOUNTED_RANKS = (MessageState.PENDING.rank, MessageState.HELD_OUT.rank)
COUNTED_RANKS = frozenset(state.rank for state in MessageState) - set(UNCOUNTED_RANKS)
"""Of the messages that a rule may count; the others are not among the columns."""
HELD_TIMES: Mapping[str, tuple[MessageState, MessageState]] = {
    "begun": (MessageState.SENT, MessageState.SKIPPED),
    "ended": (MessageState.DELIVERED, MessageState.FAILED),
    "opened": (MessageState.OPENED, MessageState.OPENED),
    "clicked": (MessageState.CLICKED, MessageState.CLICKED),
}
"""The times that are held of a message: of the first state, or of the second if it is in that one."""
_ENDED = (*ranks_reaching(MessageState.DELIVERED), MessageState.FAILED.rank)


def with_times(message: Record) -> Record:
    """A stored message with HELD_TIMES; those of states that it has not reached mean nothing."""
    times = {
        name: reached_at(message, other if message["rank"] == other.rank else usual)
        for name, (usual, other) in HELD_TIMES.items()
    }
    return {**message, **times}


class MessageEncoder:
    """Takes messages of COUNTED_RANKS in chunks, and gives them as columns."""

    def __init__(self) -> None:
        self._begun = Records("begun")
        self._later: dict[str, list[NDArray[Any]]] = {"ended": [], "opened": [], "clicked": []}
        self._ranks: list[NDArray[Any]] = []
        self._codes = {name: Codes() for name in ("channel", "campaign_id", "reason")}

    def add(self, messages: Sequence[Record], rows: Mapping[str, int], times: ReadTimes) -> None:
        """Those of customers that have a row."""
        known = self._begun.add(messages, rows, times)
        self._ranks.append(np.array([message["rank"] for message in known], dtype=np.int8))
        for name, chunks in self._later.items():
            chunks.append(np.array(times([message[name] for message in known]), dtype=np.int64))
        for name, codes in self._codes.items():
            codes.add([message.get(name) for message in known])

    def finish(self) -> Messages:
        customers, times, order = self._begun.finish()
        ended, opened, clicked = (joined(chunks, np.int64)[order] for chunks in self._later.values())
        coded = [codes.sorted(order) for codes in self._codes.values()]
        return arrange_messages(customers, times, joined(self._ranks, np.int8)[order], coded, ended, opened, clicked)


def arrange_messages(
    customers: NDArray[Any],
    times: NDArray[np.int64],
    ranks: NDArray[np.int8],
    coded: Sequence[Coded],
    ended: NDArray[np.int64],
    opened: NDArray[np.int64],
    clicked: NDArray[np.int64],
) -> Messages:
    """Of columns in order of ``times``; coded: channels, campaigns, reasons. ended, opened, clicked: ms, of messages
    that did not get so far any number."""
    delays = smallest(np.where(np.isin(ranks, _ENDED), ended - times, 0))
    channels, campaigns, reasons = coded
    return Messages(
        customers,
        times,
        delays,
        ranks,
        channels,
        campaigns,
        reasons,
        _steps(ranks, MessageState.OPENED, opened),
        _steps(ranks, MessageState.CLICKED, clicked),
    )


def spread(steps: Steps, size: int) -> NDArray[np.int64]:
    """The times of steps as a column of all messages, 0 for those without."""
    times = np.zeros(size, dtype=np.int64)
    times[steps.places] = steps.times
    return times


def _steps(ranks: NDArray[np.int8], state: MessageState, times: NDArray[np.int64]) -> Steps:
    places = np.flatnonzero(np.isin(ranks, ranks_reaching(state)))
    order = np.argsort(times[places], kind="stable")
    return Steps(places[order].astype(np.int32), times[places][order])
