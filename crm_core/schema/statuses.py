"""The statuses of orders: which words of shops mean them, and what an order with one counts for."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """words: by which shops call it, beside its name. is_order: whether it counts among a customer's orders.

    is_spend: whether its amount, less what was refunded, is part of what a customer spent. is_return: that part is
    negative.
    """

    name: str
    words: tuple[str, ...] = ()
    is_order: bool = True
    is_spend: bool = True
    is_return: bool = False


STATUSES: tuple[Status, ...] = (
    Status("pending", ("on-hold",)),
    Status("confirmed", ("paid", "processing", "partially_refunded")),
    Status("shipped", ("fulfilled",)),
    Status("delivered", ("completed",)),
    Status("returned", is_order=False, is_return=True),
    Status("cancelled", ("canceled",), is_order=False, is_spend=False),
    Status("refunded", is_order=False, is_spend=False),
    Status("voided", is_order=False, is_spend=False),
)
"""Those that count for more come first, so that "counts as an order" and "counts as spend" are the first so many."""

STATUS_NAMES = tuple(status.name for status in STATUSES)
ORDER_STATUSES = tuple(status.name for status in STATUSES if status.is_order)
SPEND_STATUSES = tuple(status.name for status in STATUSES if status.is_spend)
NOT_COUNTED = tuple(status.name for status in STATUSES if not status.is_spend)
"""An order with one of these counts nowhere, unless a rule names it."""
RETURNS = tuple(status.name for status in STATUSES if status.is_return)
_BY_WORD: Mapping[str, str] = {
    word.replace("_", "-"): status.name for status in STATUSES for word in (status.name, *status.words)
}
STATUS_WORDS = tuple(word for status in STATUSES for word in status.words)


def read_status(word: str) -> str | None:
    """The status that a word means, in any case and with any of ``- _`` and a space between its parts; None for none.

    Most words are the names themselves.
    """
    if word in STATUS_NAMES:
        return word
    return _BY_WORD.get("-".join(word.lower().replace("_", " ").replace("-", " ").split()))
