"""A campaign as it is stored in ``campaigns``, for the type checker: what is not declared here is in no campaign."""

from datetime import datetime
from typing import NotRequired, TypedDict, cast

from bson import ObjectId
from pymongo.collection import Collection

from crm_core.audience.model import FrozenSegment
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import Db, Doc


class Variant(TypedDict):
    """weight: percent; those of all variants add up to 100. message and the lines beside it: None for the campaign's
    own."""

    name: str
    message: str | None
    subject: str | None
    preheader: str | None
    weight: float


class ExcludedSegment(TypedDict):
    """name: what it was called when it was chosen."""

    segment_id: str
    name: str


class Release(TypedDict):
    """The messages of ``round`` up to the customer id ``after`` were put onto the stream, the last of them ``at``."""

    round: int
    after: str | None
    at: datetime | None


class Lease(TypedDict):
    by: str
    until: datetime


class RetryRequest(TypedDict):
    at: datetime
    by: str


class ReasonCount(TypedDict):
    reason: str
    count: int


class Counts(TypedDict):
    """The rows of a campaign, counted ``as_of``. by_state: by the present state, adding up to ``audience``.

    sent: those that got at least so far. Rates are from 0 to 1, None of nobody: delivered of sent, opened and clicked
    of delivered. unsubscribed: by the links of its messages, from its channel; absent in figures from before it was
    counted. took_s: seconds.
    """

    as_of: datetime
    took_s: float
    audience: int
    by_state: dict[str, int]
    sent: int
    delivered_rate: float | None
    opened_rate: float | None
    clicked_rate: float | None
    unsubscribed: NotRequired[int]
    skipped_by_reason: list[ReasonCount]
    failed_by_reason: list[ReasonCount]
    pending_by_reason: list[ReasonCount]


class Point(TypedDict):
    """So many until then had come to each step."""

    at: datetime
    sent: int
    delivered: int
    opened: int
    clicked: int
    failed: int


class VariantCount(TypedDict):
    variant: str
    by_state: dict[str, int]


class Details(TypedDict):
    """What takes longer to count. by_variant: of rows that have one: who is held out or excluded has none."""

    as_of: datetime
    took_s: float
    timeline: list[Point]
    by_variant: list[VariantCount]


class Definition(TypedDict, total=False):
    """What people decide; of a draft, so far.

    rule: the tree as it is dumped; of a campaign to a segment, that segment's when the draft was saved; None while
    nobody has said whom it goes to. start_at: when it is meant to start, None for at once. quiet_hours: ``defer`` or
    ``skip``.
    """

    name: str
    channel: str
    message: str
    subject: str | None
    preheader: str | None
    from_name: str | None
    reply_to: str | None
    variants: list[Variant]
    segment_id: str | None
    segment_name: str | None
    rule: Doc | None
    exclude_segments: list[ExcludedSegment]
    exclude_recent_days: int | None
    holdout_percent: float
    quiet_hours: str
    start_at: datetime | None
    intent: str | None
    tags: list[str]


class Frozen(TypedDict, total=False):
    """What a launch adds to a definition: its rule and exclusions as they are evaluated, with the segments in them.

    time_zone: in which the dates of its rules are days; of one from before there was a choice it is absent, and UTC.
    """

    rule_segments: list[FrozenSegment]
    segment_version: int | None
    time_zone: str
    exclude_rule: Doc | None
    exclude_rule_segments: list[FrozenSegment]


class Course(TypedDict, total=False):
    """What becomes of it. Times are aware UTC. What a later change takes back is absent again.

    seed: of the hash that decides variant and holdout. revision: how often the draft was changed, the last time by
    ``changed_by``. plan_after: the last customer id whose message row is written. late_s: seconds after its scheduled
    time. audit_due: audit entries that are written with the change and moved to ``audit`` afterwards. edits: the entry
    that the last edits are gathered in, as long as nothing else has been done to it. never_planned: of one whose plan
    was cut short, how many of its audience have no row; absent until they are counted.

    counts, details: its figures. counts_due: rows moved until then, at the latest; absent when the figures know of all.
    counts_at: they are not counted again before. The same of the details.
    """

    seed: str
    revision: int
    changed_by: str
    changed_at: datetime
    copy_of: str
    scheduled_at: datetime
    scheduled_by: str
    confirmed_everyone: bool
    launched_at: datetime
    launched_by: str
    late_s: float
    plan_after: str
    plan_lease: Lease
    planned_at: datetime
    audience: int
    release: Release
    retry: RetryRequest
    retries: int
    paused_at: datetime
    paused_by: str
    pause_reason: str
    resumed_at: datetime
    cancelled_at: datetime
    cancelled_by: str
    finished_at: datetime
    close_until: datetime
    closed_at: datetime
    failure: str
    archived_at: datetime
    audit_due: list[Doc]
    edits: ObjectId
    never_planned: int
    counts: Counts
    counts_due: datetime
    counts_at: datetime
    details: Details
    details_due: datetime
    details_at: datetime


class CampaignFields(Definition, Frozen, Course, total=False):
    """Some of a campaign: what one update sets, or one query reads."""

    state: CampaignState


class Campaign(CampaignFields):
    """A whole one."""

    _id: str
    created_by: str
    created_at: datetime


HEAVY = ("rule", "rule_segments", "exclude_rule", "exclude_rule_segments")
"""An audience can be a list of 10,000 ids, which only its planning needs."""
FIGURES = ("counts", "details")


def with_changes(campaign: Campaign, changes: CampaignFields) -> Campaign:
    """A copy of it after an update that sets ``changes``."""
    return cast("Campaign", {**campaign, **changes})


def definition_of(campaign: Campaign) -> Definition:
    """What a copy of it takes over."""
    return cast("Definition", {name: value for name, value in campaign.items() if name in Definition.__annotations__})


def campaigns_in(db: Db) -> Collection[Campaign]:
    return cast("Collection[Campaign]", db.campaigns)
