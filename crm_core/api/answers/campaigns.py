"""Campaigns, as answers show them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.api.answers.segments import RuleTree
from crm_core.campaigns.states import CampaignState
from crm_core.channels.wire import ChannelName


class Variant(TypedDict):
    """A message that is compared with others; null stands for the campaign's own text."""

    name: str
    message: str | None
    subject: str | None
    preheader: str | None
    weight: Annotated[float, Field(description="Percent of the recipients.")]


class Campaign(TypedDict):
    """A campaign. Every field is always present, null where there is nothing to say yet."""

    id: str
    name: str
    state: CampaignState
    channel: ChannelName
    message: Annotated[str | None, Field(description="Null in a draft that has none yet.")]
    subject: str | None
    preheader: str | None
    from_name: str | None
    reply_to: str | None
    variants: list[Variant] | None
    segment_id: str | None
    segment_name: str | None
    segment_version: Annotated[int | None, Field(description="The version that was frozen at launch.")]
    rule: Annotated[RuleTree | None, Field(description="Null in a draft that goes to nobody yet.")]
    exclude_segment_ids: list[str]
    exclude_recent_days: int | None
    holdout_percent: float | None
    quiet_hours: str | None
    intent: str | None
    tags: list[str] | None
    start_at: Annotated[datetime | None, Field(description="When a draft is meant to start; null for at once.")]
    scheduled_at: datetime | None
    scheduled_by: str | None
    late_s: Annotated[float | None, Field(description="Seconds by which a scheduled launch was late.")]
    launched_at: datetime | None
    launched_by: str | None
    planned_at: Annotated[datetime | None, Field(description="When the last message was planned.")]
    audience: Annotated[int | None, Field(description="Customers in the audience, once all messages are planned.")]
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    finished_at: datetime | None
    failure: Annotated[str | None, Field(description="Why it could not be launched or sent.")]
    archived_at: datetime | None
    copy_of: Annotated[str | None, Field(description="The campaign that it was duplicated from.")]
    created_at: datetime
    created_by: str


class CampaignPage(TypedDict):
    """Campaigns, the newest first."""

    items: list[Campaign]
    next: Annotated[str | None, Field(description="The cursor of the next page; null on the last.")]
