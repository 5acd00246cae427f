"""Rehearsals of campaigns, as answers show them."""

from datetime import datetime
from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.jobs.model import JobState
from crm_core.schema.message_states import MessageState


class RehearsalStart(TypedDict):
    """A rehearsal that was asked for."""

    id: str
    state: JobState


class VariantStates(TypedDict):
    """The messages of one variant, by the state in which the rehearsal left them."""

    variant: str
    by_state: dict[MessageState, int]


class Deferral(TypedDict):
    """Customers whose quiet hours end at a time."""

    at: datetime
    customers: int


class Deferred(TypedDict):
    """Customers who had to wait for the end of quiet hours."""

    customers: int
    until: Annotated[list[Deferral], Field(description="When they are first asked again: the earliest 100 times.")]
    latest: Annotated[datetime | None, Field(description="The latest time that anybody waited for.")]


class Bucket(TypedDict):
    """Messages that are sent within `bucket_s` seconds from a time on."""

    at: datetime
    messages: int


class Example(TypedDict):
    """A message as it would be sent."""

    variant: str | None
    customer_id: str
    body: str
    subject: NotRequired[str]
    preheader: NotRequired[str]
    at: datetime


class Fault(TypedDict):
    """A customer whose message cannot be made."""

    customer_id: str
    variant: str | None
    reason: str


class RehearsalResult(TypedDict):
    """What a launch would do."""

    is_complete: Annotated[bool, Field(description="False when messages remain beyond the last day rehearsed.")]
    needs_confirmation: Annotated[bool, Field(description="Whether the audience is everyone.")]
    as_of: datetime
    took_s: float
    audience: int
    by_state: Annotated[dict[MessageState, int], Field(description="Each customer once; sums to `audience`.")]
    skipped_by_reason: dict[str, int]
    failed_by_reason: dict[str, int]
    by_variant: list[VariantStates]
    deferred: Deferred
    rate: Annotated[float | None, Field(description="Messages per second over the channel; null without a limit.")]
    start: datetime
    first_at: datetime | None
    last_at: datetime | None
    finish: datetime | None
    bucket_s: int
    buckets: list[Bucket]
    faults: Annotated[list[Fault] | None, Field(description="The first few; null without the scope customers:read.")]
    examples: Annotated[list[Example] | None, Field(description="Null without the scope customers:read.")]


class Rehearsal(TypedDict):
    """A rehearsal of a campaign."""

    id: str
    campaign_id: str
    revision: NotRequired[Annotated[int, Field(description="How often the draft had been changed by then.")]]
    start_at: datetime
    state: JobState
    runs: Annotated[int, Field(description="Above 1 when a worker ended in the middle and another one started over.")]
    done: Annotated[int, Field(description="Customers handled so far.")]
    waiting: NotRequired[Annotated[int, Field(description="Customers who wait for the end of quiet hours.")]]
    clock: NotRequired[Annotated[datetime, Field(description="The time that the rehearsal has reached.")]]
    result: NotRequired[RehearsalResult]
    failure: NotRequired[str]
    created_at: datetime
    created_by: str
    started_at: NotRequired[datetime]
    heartbeat_at: NotRequired[Annotated[datetime, Field(description="The last sign of life of its worker.")]]
    finished_at: NotRequired[datetime]
    cancelled_by: NotRequired[str]


class RehearsalPage(TypedDict):
    """Rehearsals of a campaign, the newest first, without their results."""

    items: list[Rehearsal]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]
