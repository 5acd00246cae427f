"""How an answer is best drawn: hints, which say what is what and leave the drawing to whoever shows it."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Figures:
    """A card for each of these columns: the first row, and how it has changed against the second."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Bars:
    """A bar for each row. part, whole: columns with how much of a bar's time is over, and how much it has in all."""

    x: str
    y: str
    part: str | None = None
    whole: str | None = None


@dataclass(frozen=True)
class Bands:
    """A bar for each row, which is a band of numbers from ``low`` to ``high``."""

    low: str
    high: str
    y: str


@dataclass(frozen=True)
class StackedBars:
    """Columns on top of each other, the first one lowest. Their ids are states of messages."""

    x: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Lines:
    """A line for each value of ``by``, over ``x``."""

    x: str
    y: str
    by: str


@dataclass(frozen=True)
class Funnel:
    """Steps from most to least. share: column with the part of the step above."""

    step: str
    count: str
    share: str


@dataclass(frozen=True)
class Heatmap:
    """A cell for each row. text: the columns that are written into the cells. y_rising: the lowest value is below.
    first_is_whole: whether the first column is everybody, and so darker than all others by itself.
    """

    x: str
    y: str
    value: str
    text: tuple[str, ...] = ()
    first_is_whole: bool = False
    y_rising: bool = False


@dataclass(frozen=True)
class Intervals:
    """A point with its interval for each row, against zero. labels: columns that name the row. is_relative: whether the
    values are parts of another one, not differences of shares."""

    labels: tuple[str, ...]
    value: str
    low: str
    high: str
    is_relative: bool = False


@dataclass(frozen=True)
class RankedBars:
    """Bars that lie, in the order of the rows."""

    label: str
    value: str


@dataclass(frozen=True)
class Against:
    """A bar for each row with what happened, and a point with what was expected of it."""

    x: str
    actual: str
    expected: str


Chart: TypeAlias = Figures | Against | Bars | Bands | StackedBars | Lines | Funnel | Heatmap | Intervals | RankedBars
