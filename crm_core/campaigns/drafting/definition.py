"""What a campaign says and to whom: checked when it is drafted, frozen when it is launched."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

import bson
import structlog

from crm_core.audience.contexts import FrozenSegments, RuleContexts
from crm_core.audience.segments import Segments
from crm_core.campaigns.drafting.content import check_content, content_faults, keep_content
from crm_core.campaigns.drafting.options import check_labels, check_options
from crm_core.campaigns.model import Campaign, CampaignFields, Definition, ExcludedSegment
from crm_core.errors import BadRule, Conflict, InvalidInput, NotFound
from crm_core.infra.names import clean_name
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound, has_conditions, segments_in
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule, GroupRule, ListRule, SegmentRule

AUDIENCE = ("segment_id", "rule", "customer_ids")
NOBODY: Definition = {"segment_id": None, "segment_name": None, "rule": None}
UNTITLED = "Untitled campaign"
FIRST_MESSAGE = "Hi {{ customer.first_name | default: 'there' }}, we saved something for you."
"""What the message of a new draft says until somebody writes another."""
KEPT = ("name", "channel", "message", "segment_id", "rule")
"""Without these a draft cannot be launched."""
MALFORMED = (LookupError, TypeError, ValueError, AttributeError)
"""What a document raises that is not as this program writes it."""
MAX_FROZEN_BYTES = 12_000_000
"""MongoDB takes documents and queries of up to 16 MB."""

log = structlog.stdlib.get_logger(__name__)


class DraftFields(TypedDict, total=False):
    """What people set of a draft. Exactly one of segment_id, rule and customer_ids.

    variants: ``{"name", "message"?, "subject"?, "preheader"?, "weight"?}``, weights in percent; without a text of its
    own one has the campaign's. from_name, reply_to: of an e-mail. quiet_hours: ``defer`` or ``skip``. start_at: when it
    is meant to start, aware; None for at once.
    """

    name: str
    channel: str
    message: str | None
    subject: str | None
    preheader: str | None
    from_name: str | None
    reply_to: str | None
    variants: Sequence[Mapping[str, Any]]
    segment_id: str | None
    rule: AnyRule | None
    customer_ids: Sequence[str] | None
    exclude_segment_ids: Sequence[str]
    exclude_recent_days: int | None
    holdout_percent: float
    quiet_hours: str
    start_at: datetime | None
    intent: str | None
    tags: Sequence[str]


class Definitions:
    def __init__(self, segments: Segments, contexts: RuleContexts) -> None:
        self._segments = segments
        self._contexts = contexts

    def check(self, fields: DraftFields) -> Definition:
        """The fields as a draft keeps them. Raises InvalidInput, BadRule, NotFound."""
        return {
            "name": clean_name(fields.get("name"), "campaign"),
            **check_content(fields, self._contexts.context().catalogue.attributes),
            **self._audience(fields),
            **self._exclusions(fields),
            **check_options(fields),
            **check_labels(fields),
        }

    def keep(self, fields: DraftFields) -> Definition:
        """The fields as somebody has them so far: what is missing, or wrong in a text, is kept for ``faults`` to tell.

        Raises InvalidInput, BadRule, NotFound for what no later input could mend.
        """
        return {
            "name": clean_name((fields.get("name") or "").strip() or UNTITLED, "campaign"),
            **keep_content(fields),
            **(self._audience(fields) if any(fields.get(name) for name in AUDIENCE) else NOBODY),
            **self._exclusions(fields),
            **check_options(fields),
            **check_labels(fields),
        }

    def faults(self, campaign: Campaign, now: datetime) -> list[InvalidInput]:
        """What keeps a draft from being launched as it is meant, each with its field."""
        catalogue = self._contexts.context().catalogue
        found = [*self._audience_faults(campaign), *content_faults(campaign, catalogue.attributes)]
        if (start := campaign.get("start_at")) and start <= now:
            found.append(InvalidInput("The time of its start has passed.", field="start_at"))
        return found

    def _audience_faults(self, campaign: Campaign) -> Iterator[InvalidInput]:
        try:
            self.at_launch(campaign)
        except (BadRule, Conflict) as exc:
            yield InvalidInput(str(exc), field="audience")
        try:
            self._frozen_exclusions(campaign.get("exclude_segments") or ())
        except Conflict as exc:
            yield InvalidInput(str(exc), field="exclude_segment_ids")

    def at_launch(self, campaign: Campaign) -> tuple[Bound, int | None]:
        """What a launch now would freeze, and the version of its segment, None for a rule of its own.

        Raises BadRule, and Conflict when that segment was deleted, or nobody has said whom it goes to.
        """
        if campaign["rule"] is None:
            raise Conflict("Nobody has said yet whom this campaign goes to.")
        if not campaign["segment_id"]:
            return self._bind(load_rule(campaign["rule"])), None
        try:
            segment = self._segments.get(campaign["segment_id"])
        except NotFound as exc:
            raise Conflict(f"The segment “{campaign['segment_name']}” of this draft was deleted.") from exc
        return self._bind(load_rule(segment["rule"])), segment["version"]

    def freeze(self, campaign: Campaign, *, confirm_everyone: bool) -> CampaignFields:
        """Audience and exclusions as they are now, with the segments that they name.

        Raises InvalidInput when the draft is not as it was checked, or too large with its segments, BadRule, and
        Conflict when a segment was deleted, or when the audience is everyone, unconfirmed.
        """
        try:
            return self._freeze(campaign, confirm_everyone=confirm_everyone)
        except MALFORMED as exc:
            log.exception("malformed", campaign=campaign["_id"])
            raise InvalidInput(f"What is stored of it cannot be read ({exc!r}). Make it anew.") from exc

    def _freeze(self, campaign: Campaign, *, confirm_everyone: bool) -> CampaignFields:
        self._check_kept(campaign)
        bound, version = self.at_launch(campaign)
        if not confirm_everyone and not has_conditions(bound):
            raise Conflict(
                "This audience has no condition and reaches everyone. Launch with confirm_everyone if that is meant."
            )
        frozen: CampaignFields = {
            "rule": dump_rule(bound.rule),
            "rule_segments": FrozenSegments.freeze(segments_in(bound)),
            "segment_version": version,
            "time_zone": str(self._contexts.zone()),
            **self._frozen_exclusions(campaign.get("exclude_segments") or ()),
        }
        _check_size(frozen)
        return frozen

    def _check_kept(self, campaign: Campaign) -> None:
        """Planning and sending rely on what they read; whoever edits the database by hand is told here."""
        if missing := [name for name in KEPT if name not in campaign]:
            raise InvalidInput(f"This draft is stored without {', '.join(missing)}. Make it anew.", field=missing[0])
        clean_name(campaign["name"], "campaign")
        check_content(campaign, self._contexts.context().catalogue.attributes)
        check_options(campaign)

    def _frozen_exclusions(self, excluded: Sequence[ExcludedSegment]) -> CampaignFields:
        if not excluded:
            return {"exclude_rule": None, "exclude_rule_segments": []}
        rule = GroupRule(kind="any", rules=tuple(SegmentRule(segment_id=each["segment_id"]) for each in excluded))
        try:
            bound = self._bind(rule)
        except BadRule as exc:
            names = ", ".join(f"“{each['name']}”" for each in excluded)
            raise Conflict(f"The segments to leave out ({names}) cannot be used any more: {exc}") from exc
        return {"exclude_rule": dump_rule(rule), "exclude_rule_segments": FrozenSegments.freeze(segments_in(bound))}

    def _audience(self, fields: DraftFields) -> Definition:
        given = [name for name in AUDIENCE if fields.get(name) is not None]
        if len(given) != 1:
            raise InvalidInput(
                "A campaign needs exactly one of segment_id, rule, text and customer_ids.", field="segment_id"
            )
        if given == ["segment_id"]:
            segment = self._segments.get(str(fields["segment_id"]))
            return {"segment_id": segment["_id"], "segment_name": segment["name"], "rule": segment["rule"]}
        rule = fields.get("rule") or self._listed(fields.get("customer_ids") or ())
        return {"segment_id": None, "segment_name": None, "rule": dump_rule(self._bind(rule).rule)}

    def _listed(self, customer_ids: Sequence[str]) -> ListRule:
        try:
            found = load_rule({"kind": "list", "customer_ids": list(customer_ids)})
        except BadRule as exc:
            place = (exc.field or "").removeprefix("rule.") or "customer_ids"
            raise InvalidInput(f"customer_ids: {exc}", field=place) from exc
        assert isinstance(found, ListRule)
        return found

    def _exclusions(self, fields: DraftFields) -> Definition:
        excluded: list[ExcludedSegment] = []
        for place, segment_id in enumerate(dict.fromkeys(fields.get("exclude_segment_ids") or ())):
            try:
                segment = self._segments.get(segment_id)
            except NotFound as exc:
                raise InvalidInput(str(exc), field=f"exclude_segment_ids[{place}]") from exc
            excluded.append({"segment_id": segment["_id"], "name": segment["name"]})
        return {"exclude_segments": excluded}

    def _bind(self, rule: AnyRule) -> Bound:
        return bind(rule, self._contexts.context())


def _check_size(frozen: CampaignFields) -> None:
    """Lists of customers are what makes it large."""
    if (size := len(bson.encode(frozen))) > MAX_FROZEN_BYTES:
        raise InvalidInput(
            f"The audience and the segments that it names take {size / 1e6:.1f} MB; a campaign can keep "
            f"{MAX_FROZEN_BYTES / 1e6:g} MB. Name fewer customers one by one.",
            field="rule",
        )
