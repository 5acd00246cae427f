"""Bodies of requests about campaigns, and what they say of a draft."""

from datetime import UTC, datetime
from typing import Annotated, cast

from pydantic import AfterValidator, AwareDatetime, Field, FiniteFloat

from crm_core.api.bodies import Body
from crm_core.api.rules import RuleJson, RuleText, read_rule
from crm_core.campaigns.drafting.definition import DraftFields
from crm_core.channels.registry import CHANNELS, DEFAULT_CHANNEL
from crm_core.infra.mongo import Doc
from crm_core.rules.scope import Scope

FIRST_MOMENT, LAST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def _as_kept(moment: datetime) -> datetime:
    """In UTC and to the millisecond, so that every answer says the same of it."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


Moment = Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT), AfterValidator(_as_kept)]
ChannelText = Annotated[str, Field(json_schema_extra={"enum": list(CHANNELS)})]
"""Checked with the draft, like its other parts."""
NOT_OF_A_DRAFT = {"rule", "text", "schedule_at", "confirm_everyone"}


class VariantBody(Body):
    """message and subject: the campaign's where it has none of its own. weight: in percent, together 100, or none."""

    name: str
    message: str | None = None
    subject: str | None = None
    weight: FiniteFloat | None = None


class CampaignBody(Body):
    """Exactly one of segment_id, rule, text and customer_ids.

    message: a Liquid template, such as ``Hi {{ customer.name }}``. subject: of an e-mail, or the title of a push
    message. variants: tried against each other; with a message in each, the campaign needs none. holdout_percent: of
    the audience that gets nothing, to compare with. exclude_recent_days: leave out whom any campaign wrote to in so
    many days. quiet_hours: ``defer`` (until they are over) or ``skip``. schedule_at: launch it by itself then;
    confirm_everyone: as for a launch.
    """

    name: str
    channel: ChannelText = DEFAULT_CHANNEL
    message: str | None = None
    subject: str | None = None
    variants: list[VariantBody] | None = None
    segment_id: str | None = None
    rule: RuleJson | None = None
    text: RuleText | None = None
    customer_ids: list[str] | None = None
    exclude_segment_ids: list[str] | None = None
    exclude_recent_days: int | None = None
    holdout_percent: FiniteFloat = 0
    quiet_hours: str | None = None
    intent: str | None = None
    tags: list[str] | None = None
    schedule_at: Moment | None = None
    confirm_everyone: bool = False


class CampaignChangeBody(Body):
    """What is absent stays as it is, null clears. Another audience takes the place of the one before."""

    name: str | None = None
    channel: ChannelText | None = None
    message: str | None = None
    subject: str | None = None
    variants: list[VariantBody] | None = None
    segment_id: str | None = None
    rule: RuleJson | None = None
    text: RuleText | None = None
    customer_ids: list[str] | None = None
    exclude_segment_ids: list[str] | None = None
    exclude_recent_days: int | None = None
    holdout_percent: FiniteFloat | None = None
    quiet_hours: str | None = None
    intent: str | None = None
    tags: list[str] | None = None


class LaunchBody(Body):
    """confirm_everyone: that an audience without a condition is meant."""

    confirm_everyone: bool = False


class ScheduleBody(Body):
    """schedule_at: when to launch it, also instead of another time. confirm_everyone: as for a launch."""

    schedule_at: Moment
    confirm_everyone: bool = False


def draft_fields(body: CampaignBody | CampaignChangeBody, scope: Scope) -> DraftFields:
    """What a body says; of a change only what it names. Raises InvalidInput for a rule that cannot be read."""
    is_change = isinstance(body, CampaignChangeBody)
    fields: Doc = body.model_dump(exclude=NOT_OF_A_DRAFT, exclude_unset=is_change)
    if not is_change or body.model_fields_set & {"rule", "text"}:
        fields["rule"] = read_rule(body.rule, body.text, scope)
    return cast("DraftFields", fields)
