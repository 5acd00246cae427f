"""The columns that the mask engine reads: one row per customer, order or event.

Texts and lists are coded: a column holds positions in a list of distinct values, so that a condition asks each
distinct value once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
PropertyName: TypeAlias = tuple[str, str]
"""Of events: their type, and the name of the property."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Numbers:
    """values: integers, money in minor units, dates in ms since 1970 UTC, plain days as of
    ``day_to_ms``; doubles for custom attributes.

    present: where there is a value; None for everywhere.
    """

    values: NDArray[Any]
    present: Mask | None = None


@dataclass(frozen=True)
class Coded:
    """codes: positions in ``values``, -1 where there is none. values: folded texts or tuples of them, or bools."""

    codes: NDArray[np.integer[Any]]
    values: Sequence[Any]


@dataclass(frozen=True)
class Flags:
    """A choice in the bits of numbers that are held anyway. bits: of each value but the last, whose bit none has."""

    numbers: NDArray[np.unsignedinteger[Any]]
    bits: Mapping[str, int]


@dataclass(frozen=True)
class Items:
    """The names of the items of orders, folded. starts: where those of each order begin, and where the last ones
    end."""

    starts: NDArray[np.int32]
    names: Coded


@dataclass(frozen=True)
class Orders:
    """In order of time. customers: row of the customer. amounts, nets: minor units; what an order adds to the spend.
    times: ms. categories: folded. statuses: as stored. items: None where they are not held.
    """

    customers: NDArray[np.integer[Any]]
    amounts: NDArray[np.integer[Any]]
    nets: NDArray[np.integer[Any]]
    times: NDArray[np.int64]
    categories: Coded
    statuses: Coded
    items: Items | None = None


@dataclass(frozen=True)
class Events:
    """The same for events; types: as stored. properties: those that are held, by type and name; their values are
    missing in events of another type. micros: of numbers among them, in millionths."""

    customers: NDArray[np.integer[Any]]
    times: NDArray[np.int64]
    types: Coded
    properties: Mapping[PropertyName, Numbers | Coded] = field(default_factory=dict)
    micros: Mapping[PropertyName, Numbers | Coded] = field(default_factory=dict)


@dataclass(frozen=True)
class Steps:
    """Of the messages that reached a state that few reach: their places among all, in order of the time at which they
    did, in ms."""

    places: NDArray[np.int32]
    times: NDArray[np.int64]


@dataclass(frozen=True)
class Messages:
    """In order of the time at which they began: were sent, were skipped, or were created. ranks: of their states.

    times: ms of the beginning. delays: ms from then until they were delivered or failed, 0 for others. channels,
    campaigns, reasons: as stored.
    """

    customers: NDArray[np.integer[Any]]
    times: NDArray[np.int64]
    delays: NDArray[np.integer[Any]]
    ranks: NDArray[np.int8]
    channels: Coded
    campaigns: Coded
    reasons: Coded
    opened: Steps
    clicked: Steps


@dataclass(frozen=True)
class Columns:
    """fields: field name to its column; the average order value needs none. rows: customer id to row, for lists.

    messages: None where they are not held.
    """

    size: int
    fields: Mapping[str, Numbers | Coded | Flags]
    orders: Orders
    events: Events
    rows: Mapping[str, int]
    messages: Messages | None = None


PLAIN_DAYS_MS = 1 << 50
"""Added to the ms of a plain day's midnight in UTC: beyond every moment, so that one column holds both."""
BEYOND_MOMENTS_MS = PLAIN_DAYS_MS // 2
"""Below it are the moments, the last of them in 9999, above it the plain days, the first of them in 1900."""


def day_to_ms(day: date) -> int:
    """A plain day in a column of dates."""
    return (day - EPOCH.date()) // timedelta(days=1) * 86_400_000 + PLAIN_DAYS_MS


def day_from_ms(ms: int) -> date:
    """The plain day of a value of ``day_to_ms``."""
    return EPOCH.date() + timedelta(milliseconds=ms - PLAIN_DAYS_MS)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, as the database keeps times."""
    return (moment - EPOCH) // timedelta(milliseconds=1)
