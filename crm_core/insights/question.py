"""A question that is asked daily: what it is called and means, what may be chosen, and how it is answered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeAlias

from crm_core.errors import InvalidInput
from crm_core.insights.charts import Chart
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row
from crm_core.insights.periods import Period
from crm_core.predictions.results import Check
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.quoting import shown
from crm_core.schema.message_states import MessageState


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
    """A field of customers whose type is one of ``types``, as rules call them."""

    types: tuple[FieldType, ...]
    default: str
    name: str = "field"
    title: str = "Field"


@dataclass(frozen=True)
class OfCampaign:
    """A campaign that was launched; the one that was launched last if nobody says which."""

    name: str = "campaign"
    title: str = "Campaign"


@dataclass(frozen=True)
class OfCampaigns:
    """Campaigns that were launched, each id once; the first is the one that the others are compared with. The
    ``least`` that were launched last if nobody says which."""

    least: int
    most: int
    name: str = "campaigns"
    title: str = "Campaigns"


@dataclass(frozen=True)
class OfSegments:
    """Saved segments, each with figures of its own; everybody comes first."""

    most: int
    name: str = "segments"
    title: str = "Segments"


Parameter: TypeAlias = Choice | Whole | OfSegment | OfSegments | OfField | OfCampaign | OfCampaigns


class Topic(StrEnum):
    CUSTOMERS = "Customers"
    REVENUE = "Revenue"
    MESSAGES = "Messages"
    CAMPAIGNS = "Campaigns"


@dataclass(frozen=True)
class LaunchedCampaign:
    """name: namesakes among those that are asked about together are told apart by their ids. launched_ms: since 1970
    UTC. by_state: counts its messages by their present state. variants: how many messages of each are in which state.
    held_out: reads the ids of those who get nothing, for comparison."""

    id: str
    name: str
    channel: str
    launched_ms: int
    by_state: Callable[[], Mapping[MessageState, int]]
    variants: Mapping[str, Mapping[MessageState, int]]
    held_out: Callable[[], Sequence[str]]


@dataclass(frozen=True)
class Asked:
    """period: of a question that has one, else today. values: of the parameters, by name. window_days, touch: of the
    workspace, by which orders are attributed to messages. digits: minor ones of its currency. segments: of an
    OfSegments, by name. campaign: of an OfCampaign; None if none was launched. campaigns: of an OfCampaigns; fewer than
    it asks for if no more were launched. campaign_names: by id. check: of the newest fit of the models of predictions,
    for a question about it."""

    period: Period
    values: Mapping[str, Any]
    window_days: int
    touch: str
    digits: int
    segments: Mapping[str, Facts] = field(default_factory=dict)
    campaign: LaunchedCampaign | None = None
    campaigns: Sequence[LaunchedCampaign] = ()
    campaign_names: Mapping[str, str] = field(default_factory=dict)
    check: Check | None = None


@dataclass(frozen=True)
class Taken:
    """What an answer was asked with. today: the day that it was then. field: that of an OfField."""

    values: Mapping[str, Any]
    today: date
    field: CustomerField | None


@dataclass(frozen=True)
class Question:
    """name: as the API and links have it. definition: in words, one click away from each chart.

    days: how long its range is if nobody says so; None for a question about now. reads_messages: whether it is about
    messages, which are held in memory once somebody asks. is_of_fit: whether it is about the newest fit of the models
    of predictions alone. rule: the conditions that find the customers of a row, as a
    tree has them; None where a row is not about customers who can be found.
    """

    name: str
    title: str
    topic: Topic
    definition: str
    columns: tuple[Column, ...]
    answer: Callable[[Facts, Asked], Sequence[Row]]
    chart: Chart
    parameters: tuple[Parameter, ...] = field(default=())
    days: int | None = None
    reads_messages: bool = False
    is_of_fit: bool = False
    rule: Callable[[Row, "Taken"], Sequence[Mapping[str, Any]]] | None = None

    def column(self, column_id: str) -> Column:
        return next(each for each in self.columns if each.id == column_id)
