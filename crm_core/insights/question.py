"""A question that is asked daily: what it is called and means, what may be chosen, and how it is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from crm_core.errors import InvalidInput
from crm_core.insights.charts import Chart
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row
from crm_core.insights.periods import Period
from crm_core.rules.quoting import shown


@dataclass(frozen=True)
class Choice:
    """One of ``options``, whose titles they give."""

    name: str
    title: str
    options: Mapping[str, str]
    default: str

    def read(self, text: str) -> str:
        """Raises InvalidInput."""
        if text not in self.options:
            raise InvalidInput(
                f"{self.name!r} is one of {', '.join(self.options)}, not {shown(text)}.", field=self.name
            )
        return text


@dataclass(frozen=True)
class Whole:
    """A whole number of ``unit``."""

    name: str
    title: str
    default: int
    low: int
    high: int
    unit: str = ""

    def read(self, text: str) -> int:
        """Raises InvalidInput."""
        if not text.isascii() or not text.isdigit() or not self.low <= int(text[:9]) <= self.high or len(text) > 9:
            what = f"{self.name!r} is a whole number from {self.low:,} to {self.high:,}, not {shown(text)}."
            raise InvalidInput(what, field=self.name)
        return int(text)


@dataclass(frozen=True)
class OfSegment:
    """A saved segment: only its customers are looked at. Without one, everybody is."""

    name: str = "segment"
    title: str = "Segment"


@dataclass(frozen=True)
class OfField:
    """A field of customers whose type is one of ``types``."""

    types: tuple[str, ...]
    default: str
    name: str = "field"
    title: str = "Field"


Parameter: TypeAlias = Choice | Whole | OfSegment | OfField


@dataclass(frozen=True)
class Asked:
    """period: of a question that has one, else today. values: of the parameters, by name. window_days, touch: of the
    workspace, by which orders are attributed to messages."""

    period: Period
    values: Mapping[str, Any]
    window_days: int
    touch: str


@dataclass(frozen=True)
class Question:
    """name: as the API and links have it. definition: in words, one click away from each chart.

    days: how long its range is if nobody says so; None for a question about now. reads_messages: whether it is about
    messages, which are held in memory once somebody asks.
    """

    name: str
    title: str
    definition: str
    columns: tuple[Column, ...]
    answer: Callable[[Facts, Asked], Sequence[Row]]
    chart: Chart
    parameters: tuple[Parameter, ...] = field(default=())
    days: int | None = None
    reads_messages: bool = False

    def column(self, column_id: str) -> Column:
        return next(each for each in self.columns if each.id == column_id)
