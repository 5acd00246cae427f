"""The columns that the mask engine reads: one row per customer, order or event.

Texts and lists are coded: a column holds positions in a list of distinct values, so that a condition asks each
distinct value once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.bool_]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Numbers:
    """values: integers, money in minor units, dates in ms since 1970 UTC; doubles for custom attributes.

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
class Orders:
    """In order of time. customers: row of the customer. amounts, nets: minor units; what an order adds to the spend.
    times: ms. categories: folded. statuses: as stored.
    """

    customers: NDArray[np.integer[Any]]
    amounts: NDArray[np.integer[Any]]
    nets: NDArray[np.integer[Any]]
    times: NDArray[np.int64]
    categories: Coded
    statuses: Coded


@dataclass(frozen=True)
class Events:
    """The same for events; types: as stored."""

    customers: NDArray[np.integer[Any]]
    times: NDArray[np.int64]
    types: Coded


@dataclass(frozen=True)
class Columns:
    """fields: field name to its column; the average order value needs none. rows: customer id to row, for lists."""

    size: int
    fields: Mapping[str, Numbers | Coded]
    orders: Orders
    events: Events
    rows: Mapping[str, int]


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC, as the database keeps times."""
    return (moment - EPOCH) // timedelta(milliseconds=1)
