"""Segments and previews of rules, as answers show them."""

from datetime import datetime
from typing import Annotated, Any, NotRequired, TypeAlias

from pydantic import Field, GetPydanticSchema
from typing_extensions import TypedDict

from crm_core.api.answers.records import Customer
from crm_core.audience.preview import Source
from crm_core.channels.wire import ChannelName
from crm_core.rules.tree import Rule

RuleTree: TypeAlias = Annotated[dict[str, Any], GetPydanticSchema(lambda _, handler: handler.generate_schema(Rule))]
"""A rule as JSON values, described by the nodes of the rule language."""


class Segment(TypedDict):
    """A saved segment. Text and sentence are null when its rule cannot be evaluated any more."""

    id: str
    name: str
    version: int
    rule: RuleTree
    text: str | None
    sentence: str | None
    count: Annotated[int, Field(description="Customers in it at `counted_at`.")]
    counted_at: datetime
    uses: NotRequired[Annotated[list[str], Field(description="Ids of the segments that its rule names.")]]
    created_at: datetime
    created_by: str
    updated_at: datetime


class SegmentPage(TypedDict):
    """Segments, the last changed first."""

    items: list[Segment]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]


class SegmentVersion(TypedDict):
    """A rule that a segment has or had."""

    segment_id: str
    version: int
    rule: RuleTree
    created_at: datetime
    created_by: str


class SegmentVersionPage(TypedDict):
    """Versions of a segment, the newest first."""

    items: list[SegmentVersion]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]


class WaterfallStep(TypedDict):
    """A rule of the outermost group, and how many customers are left after it."""

    path: str
    text: str
    count: int
    change: Annotated[int, Field(description="The difference that this rule makes.")]


class Condition(TypedDict):
    """A condition: how many customers match it alone, and how many match the whole rule without it."""

    path: str
    text: str
    alone: int
    without: int


class Deliverable(TypedDict):
    """How many customers can be messaged over a channel, and why the others cannot."""

    count: int
    reasons: dict[str, int]


class Preview(TypedDict):
    """How many customers match a rule, and why. What is null was not counted, as `source` explains."""

    count: int
    total: int
    waterfall: list[WaterfallStep] | None
    conditions: list[Condition] | None
    deliverable: Annotated[dict[ChannelName, Deliverable] | None, Field(description="By channel.")]
    sample: list[Customer]
    rule: RuleTree
    text: str
    sentence: str
    source: Source
    as_of: datetime
    took_ms: float
