"""The states of a message: their order, which of them a message has reached, and when it did."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final


class MessageState(StrEnum):
    """In the order in which receipts may move a message; skipped and held out never move."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    SKIPPED = "skipped"
    HELD_OUT = "held_out"

    @property
    def rank(self) -> int:
        """How the message log keeps the state: receipts raise it by ``$max``, in whatever order they come."""
        return RANKS[self]


REACHED: Final[Mapping[MessageState, tuple[MessageState, ...]]] = {
    MessageState.SENT: (
        MessageState.SENT,
        MessageState.FAILED,
        MessageState.DELIVERED,
        MessageState.OPENED,
        MessageState.CLICKED,
    ),
    MessageState.DELIVERED: (MessageState.DELIVERED, MessageState.OPENED, MessageState.CLICKED),
    MessageState.OPENED: (MessageState.OPENED, MessageState.CLICKED),
    MessageState.CLICKED: (MessageState.CLICKED,),
}
"""Where messages are now that got at least so far. What was attempted counts as sent, whatever came of it."""

RANKS = {state: rank for rank, state in enumerate(MessageState)}
STATES = tuple(MessageState)


def ranks_reaching(state: MessageState) -> tuple[int, ...]:
    """Of the messages that have reached ``state``; of failed and skipped ones, those that are so now."""
    return tuple(each.rank for each in REACHED.get(state, (state,)))


def time_fields(state: MessageState) -> tuple[tuple[str, ...], ...]:
    """Where the time is at which a message reached ``state``: the first of these that it has, of several the earliest.

    A receipt may never have told of a step, but of a later one.
    """
    later = tuple(f"{each}_at" for each in REACHED.get(state, ()) if each is not state)
    return (f"{state}_at",), *((later,) if later else ()), ("created_at",)


def reached_at(message: Mapping[str, Any], state: MessageState) -> Any:
    """The time at which a message that has reached ``state`` did so, by ``time_fields``."""
    for names in time_fields(state):
        if found := [message[name] for name in names if message.get(name) is not None]:
            return min(found)
    raise AssertionError("every message was created at some time")
