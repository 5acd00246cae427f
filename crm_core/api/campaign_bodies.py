"""Bodies of requests about campaigns, and what they say of a draft."""

from datetime import UTC, datetime
from typing import Annotated, cast

from pydantic import AfterValidator, AwareDatetime, Field, FiniteFloat

from crm_core.api.bodies import Body
from crm_core.api.rules import RuleJson, RuleText, read_rule
from crm_core.campaigns.drafting.definition import DraftFields
from crm_core.channels.registry import CHANNELS, DEFAULT_CHANNEL
from crm_core.infra.mongo import Doc
from crm_core.rules.context import RuleContext

FIRST_MOMENT, LAST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def _as_kept(moment: datetime) -> datetime:
    """In UTC and to the millisecond, so that every answer says the same of it."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT), AfterValidator(_as_kept)]
ChannelText = Annotated[str, Field(json_schema_extra={"enum": list(CHANNELS)})]
"""Checked with the draft, like its other parts."""
NOT_OF_A_DRAFT = {"rule", "text", "schedule_at", "confirm_everyone"}


class VariantBody(Body):
    """A message that is compared with others."""

    name: str
    message: str | None = None
    """Absent: the campaign's own."""
    subject: str | None = None
    """Absent: the campaign's own."""
    preheader: str | None = None
    """Absent: the campaign's own."""
    weight: FiniteFloat | None = None
    """Percent of the recipients. The weights of all variants add up to 100; without any, all weigh the same."""


class DraftBody(Body):
    """What a draft may say beside its name and channel."""

    message: str | None = None
    """A Liquid template, such as `Hi {{ customer.name }}`. Not needed when every variant has a message."""
    subject: str | None = None
    """Of an e-mail, or the title of a push message."""
    preheader: str | None = None
    """Of an e-mail: what lists of mail show beside its subject."""
    from_name: str | None = None
    """Of an e-mail: who it says that it is from. Absent: the workspace."""
    reply_to: str | None = None
    """Of an e-mail: the address that answers go to."""
    variants: list[VariantBody] | None = None
    """Messages to compare with each other."""
    segment_id: str | None = None
    rule: RuleJson | None = None
    text: RuleText | None = None
    customer_ids: list[str] | None = None
    exclude_segment_ids: list[str] | None = None
    """Leave out the customers of these segments."""
    exclude_recent_days: int | None = None
    """Leave out customers who got a message of any campaign in so many days."""
    quiet_hours: str | None = None
    """What becomes of a message in its customer's quiet hours: `defer` it until they are over, or `skip` it."""
    intent: str | None = None
    """What the campaign is for, in your words."""
    tags: list[str] | None = None


class CampaignBody(DraftBody):
    """A campaign to exactly one of segment_id, rule, text and customer_ids."""

    name: str
    channel: ChannelText = DEFAULT_CHANNEL
    holdout_percent: FiniteFloat = 0
    """Percent of the audience that gets no message, for comparison."""
    schedule_at: Moment | None = None
    """Launch it automatically at this time."""
    confirm_everyone: bool = False
    """Confirms an audience without a condition, for `schedule_at`."""


class CampaignChangeBody(DraftBody):
    """A field that is absent stays as it is, null clears it. A new audience replaces the old one."""

    name: str | None = None
    channel: ChannelText | None = None
    holdout_percent: FiniteFloat | None = None
    """Percent of the audience that gets no message, for comparison."""


class LaunchBody(Body):
    """What a launch needs beside the draft."""

    confirm_everyone: bool = False
    """Confirms an audience without a condition, which reaches everyone."""


class ScheduleBody(Body):
    """When to launch a draft. A scheduled campaign gets a new time."""

    schedule_at: Moment
    confirm_everyone: bool = False
    """Confirms an audience without a condition, which reaches everyone."""


def draft_fields(body: CampaignBody | CampaignChangeBody, context: RuleContext) -> DraftFields:
    """What a body says; of a change only what it names. Raises InvalidInput for a rule that cannot be read."""
    is_change = isinstance(body, CampaignChangeBody)
    fields: Doc = body.model_dump(exclude=NOT_OF_A_DRAFT, exclude_unset=is_change)
    if not is_change or body.model_fields_set & {"rule", "text"}:
        fields["rule"] = read_rule(body.rule, body.text, context)
    return cast("DraftFields", fields)
