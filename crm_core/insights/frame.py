"""What a question is answered with: a small table whose columns say what they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
"""Values by the id of their column; None where there is none, as for a share of nothing."""


class Unit(StrEnum):
    """Of the values of a column. Its value is what the API calls it; of money that is the currency.

    Money is in minor units, a share from 0 to 1, a day a ``date``, a month its first day. Monday is 0.
    """

    TEXT = "text"
    COUNT = "count"
    MONEY = "money"
    SHARE = "share"
    DAY = "day"
    MONTH = "month"
    DAYS = "days"
    WEEKDAY = "weekday"
    HOUR = "hour"
    NUMBER = "number"


@dataclass(frozen=True)
class Column:
    id: str
    title: str
    unit: Unit


@dataclass(frozen=True)
class Answer:
    """rows: those of the question's columns. as_of: what they show was true then. parameters: as they were taken,
    also those that nobody had set."""

    rows: Sequence[Row]
    as_of: datetime
    parameters: Mapping[str, str]


def share(part: float, whole: float) -> float | None:
    """None of nothing."""
    return part / whole if whole else None
