"""Numbers of messages per customer: those that reached a state, in a window of the time at which they did."""

from typing import Any, assert_never

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.bound import OnlyMessages, Window
from crm_core.rules.engines.columns import Coded, Mask, Messages, Steps, to_ms
from crm_core.schema.message_states import MessageState, ranks_reaching

Places = NDArray[np.integer[Any]] | slice
"""Which of the messages, by their places."""


def count_messages(only: OnlyMessages, messages: Messages, size: int) -> NDArray[np.intp]:
    """Of each of ``size`` customers."""
    places, counted = _reached(only, messages)
    if only.channel is not None:
        counted &= _is_one_of(messages.channels, {only.channel}, places)
    if only.campaigns is not None:
        counted &= _is_one_of(messages.campaigns, only.campaigns, places)
    if only.reason is not None:
        counted &= _is_one_of(messages.reasons, {only.reason}, places)
    return np.bincount(messages.customers[places][np.flatnonzero(counted)], minlength=size)


def _reached(only: OnlyMessages, messages: Messages) -> tuple[Places, Mask]:
    """Places among which those are that reached the state within the window, and which of them did."""
    match only.state:
        case MessageState.OPENED:
            return _steps(messages.opened, only.window)
        case MessageState.CLICKED:
            return _steps(messages.clicked, only.window)
        case MessageState.SENT | MessageState.SKIPPED:
            window = _cut(messages.times, only.window)
            return window, _has_rank(messages.ranks[window], only.state)
        case MessageState.DELIVERED | MessageState.FAILED:
            found = _has_rank(messages.ranks, only.state)
            if only.window is not None:
                first, last = map(to_ms, only.window)
                ended = messages.times + messages.delays
                found &= (ended >= first) & (ended <= last)
            return slice(None), found
        case MessageState.PENDING | MessageState.HELD_OUT:
            raise AssertionError("no rule counts these")
        case _:
            assert_never(only.state)


def _steps(steps: Steps, window: Window | None) -> tuple[Places, Mask]:
    places = steps.places[_cut(steps.times, window)]
    return places, np.ones(places.size, dtype=bool)


def _cut(times: NDArray[np.int64], window: Window | None) -> slice:
    """Of times in order."""
    if window is None:
        return slice(None)
    first, last = map(to_ms, window)
    return slice(*np.searchsorted(times, [first, last + 1]))


def _has_rank(ranks: NDArray[np.int8], state: MessageState) -> Mask:
    wanted = sorted(ranks_reaching(state))
    if wanted[-1] - wanted[0] == len(wanted) - 1:  # neighbours: two comparisons
        found: Mask = (ranks >= wanted[0]) & (ranks <= wanted[-1])
        return found
    return np.isin(ranks, wanted)


def _is_one_of(column: Coded, wanted: frozenset[str] | set[str], places: Places) -> Mask:
    """The last place of the table is that of the code -1, of messages without a value."""
    hits = np.array([value in wanted for value in column.values] + [False])
    found: Mask = hits[column.codes[places]]
    return found
