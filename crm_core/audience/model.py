"""Segments and suppressions as they are stored, for the type checker: what is not declared here is in none of them."""

from datetime import datetime
from typing import NotRequired, TypedDict, cast

from pymongo.collection import Collection

from crm_core.infra.mongo import Db, Doc
from crm_core.rules.context import SegmentDefinition
from crm_core.rules.loading import load_rule


class SegmentCount(TypedDict):
    """count: customers at ``counted_at``, aware UTC."""

    count: int
    counted_at: datetime


class CountedRule(SegmentCount):
    """rule: the tree as it is dumped. uses: ids of the segments that it names."""

    rule: Doc
    uses: list[str]


class Segment(CountedRule):
    """version: that of the rule; renaming makes no new one. Times are aware UTC."""

    _id: str
    name: str
    version: int
    created_by: str
    created_at: datetime
    updated_at: datetime


class SegmentVersion(TypedDict):
    """A rule that a segment has or had. created_at: when it became the rule."""

    segment_id: str
    version: int
    rule: Doc
    created_at: datetime
    created_by: str


class FrozenSegment(TypedDict):
    """A segment as a campaign keeps it from its launch on."""

    segment_id: str
    name: str
    version: int
    rule: Doc


class Suppression(TypedDict):
    """Nothing is sent to this customer, or to whoever has this address, over ``channel``. reason: a SuppressionReason.

    customer_id, address_key: one of them; neither of an address that was erased, whose hash is in the id. source: where
    it comes from, such as ``campaign:ID``.
    """

    _id: str
    customer_id: NotRequired[str]
    address_key: NotRequired[str]
    channel: str
    reason: str
    source: NotRequired[str]
    created_at: datetime
    created_by: str


def definition_of(segment: Segment) -> SegmentDefinition:
    """The segment as a rule sees it. Raises BadRule."""
    return SegmentDefinition(segment["_id"], segment["name"], segment["version"], load_rule(segment["rule"]))


def segments_in(db: Db) -> Collection[Segment]:
    return cast("Collection[Segment]", db.segments)


def segment_versions_in(db: Db) -> Collection[SegmentVersion]:
    return cast("Collection[SegmentVersion]", db.segment_versions)


def suppressions_in(db: Db) -> Collection[Suppression]:
    return cast("Collection[Suppression]", db.suppressions)
