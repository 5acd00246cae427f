"""Stores what the demo shop did before: starter segments, its campaigns with their message logs, and sign-up dates."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any, cast

from pymongo import UpdateOne

from crm_core.access.actor import system_actor
from crm_core.audience.model import Segment
from crm_core.audience.segments import Segments
from crm_core.audience.suppressions import Suppressions
from crm_core.campaigns.drafting.content import Rendered, render_content
from crm_core.campaigns.drafting.definition import Definitions, DraftFields
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Campaign, campaigns_in
from crm_core.campaigns.states import CampaignState
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import customers_in
from crm_core.demo.generator import DemoData
from crm_core.demo.past_campaigns import ENGAGEMENT, SEGMENTS, PastCampaign, Rule
from crm_core.demo.past_refusals import RefusalLoader, moment
from crm_core.demo.records import customer_id, describe_person
from crm_core.demo.responses import Responses
from crm_core.infra.mongo import Db, translated
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import STATES, MessageState

MAKER = system_actor("demo shop")
MADE_UP = "made up"
"""A tag of each of its campaigns."""
AT_ONCE = 1_000
Note = Callable[[int], None]
"""Called with how many more rows are stored."""


class PastLoader:
    """Its writes can be repeated: the same data have the same ids."""

    def __init__(
        self,
        db: Db,
        segments: Segments,
        definitions: Definitions,
        message_log: MessageLog,
        suppressions: Suppressions,
        formatting: Callable[[], MessageFormat],
    ) -> None:
        self._customers = customers_in(db)
        self._campaigns = campaigns_in(db)
        self._segments = segments
        self._definitions = definitions
        self._message_log = message_log
        self._refusals = RefusalLoader(db, suppressions, MAKER.label)
        self._formatting = formatting

    def store(self, data: DemoData, note: Note, *, done: int = 0) -> None:
        """Once its customers are stored. done: rows of message logs that an earlier call has stored.

        Raises Unavailable.
        """
        formatting = self._formatting()
        self._note_joining(data)
        saved = {name: self._segment(wanted.name, wanted.rule) for name, wanted in SEGMENTS.items()}
        for responses in data.responses:
            campaign = self._to_campaign(responses, saved[responses.campaign.segment])
            earlier = min(done, len(responses.state))
            done -= earlier
            self._insert(islice(_rows(campaign, data, responses, formatting), earlier, None), note)
            self._refusals.store(campaign["_id"], data, responses)
            with translated():
                self._campaigns.replace_one({"_id": campaign["_id"]}, campaign, upsert=True)
        for segment in [*saved.values(), *(self._segment(name, rule) for name, rule in ENGAGEMENT.items())]:
            self._segments.recount(segment["_id"])

    def _insert(self, rows: Iterator[Message], note: Note) -> None:
        """The next ones are made while the last are stored."""
        with ThreadPoolExecutor(1) as pool:
            stored: Future[int] | None = None
            for chunk in _chunks(rows):
                if stored:
                    note(stored.result())
                stored = pool.submit(self._put, chunk)
            if stored:
                note(stored.result())

    def _put(self, rows: Sequence[Message]) -> int:
        self._message_log.insert(rows)
        return len(rows)

    def _segment(self, name: str, rule: Rule) -> Segment:
        """One of that name that is there already is kept as it is."""
        ids = {title: segment_id for segment_id, title in self._segments.names().items()}
        if name in ids:
            return self._segments.get(ids[name])
        return self._segments.save(name, load_rule(dict(rule)), actor=MAKER)

    def _note_joining(self, data: DemoData) -> None:
        """Customers are as old as their sign-up, not as the load."""
        pairs = enumerate(data.joined_s.tolist())
        while some := list(islice(pairs, AT_ONCE)):
            changes = [
                UpdateOne({"_id": customer_id(index)}, {"$min": {"created_at": moment(at_s)}}) for index, at_s in some
            ]
            with translated():
                self._customers.bulk_write(changes, ordered=False)

    def _to_campaign(self, responses: Responses, segment: Segment) -> Campaign:
        past, start = responses.campaign, moment(responses.start_s)
        last = moment(max(responses.start_s, int(responses.ended_s.max(initial=0))))
        seen = (responses.opened_s, responses.clicked_s, responses.unsubscribed_s)
        moved = max(last, *(moment(int(times.max(initial=0))) for times in seen))
        course: Any = {
            "_id": _campaign_id(past, start),
            "seed": _campaign_id(past, start),
            "state": CampaignState.COMPLETED,
            "created_by": MAKER.label,
            "created_at": start - timedelta(hours=5),
            "launched_by": MAKER.label,
            "launched_at": start,
            "planned_at": start + timedelta(seconds=2),
            "finished_at": last,
            "audience": len(responses.state),
            "rule_segments": [],
            "segment_version": segment["version"],
            "exclude_rule": None,
            "exclude_rule_segments": [],
            "counts_due": moved,
            "details_due": moved,
        }
        return cast("Campaign", {**self._definitions.check(_to_draft(past, segment)), **course})


def _to_draft(past: PastCampaign, segment: Segment) -> DraftFields:
    fields: DraftFields = {
        "name": past.name,
        "channel": past.channel,
        "segment_id": segment["_id"],
        "holdout_percent": past.holdout_percent,
        "tags": [*past.tags, MADE_UP],
    }
    if past.other is None:
        return {**fields, "message": past.message, "subject": past.subject}
    subjects = (past.subject, past.other[0])
    variants = [
        {"name": name, "message": past.message, "subject": subject}
        for name, subject in zip("AB", subjects, strict=True)
    ]
    return {**fields, "variants": variants}


def _campaign_id(past: PastCampaign, start: datetime) -> str:
    """As ids of campaigns are: by time, and the same for the same campaign."""
    rest = hashlib.sha256(f"{past.name} {past.days_ago}".encode()).hexdigest()[:16]
    return f"{int(start.timestamp()):08x}{rest}"


def _rows(campaign: Campaign, data: DemoData, responses: Responses, formatting: MessageFormat) -> Iterator[Message]:
    columns = (
        responses.customer_index,
        responses.state,
        responses.reason,
        responses.variant,
        responses.sent_s,
        responses.ended_s,
        responses.opened_s,
        responses.clicked_s,
        responses.unsubscribed_s,
    )
    planned, render = moment(responses.start_s), _renderer(campaign, formatting)
    for index, rank, reason, variant, *times in zip(*(column.tolist() for column in columns), strict=True):
        state, who = STATES[rank], customer_id(index)
        name = "AB"[variant] if variant >= 0 else None
        is_sent = state not in (MessageState.SKIPPED, MessageState.HELD_OUT)
        why = responses.reasons[reason] if reason >= 0 else None
        person = {} if state is MessageState.SKIPPED else describe_person(data.people, index)
        row = new_row(
            campaign["_id"],
            who,
            channel=campaign["channel"],
            at=planned,
            state=MessageState.PENDING if is_sent else state,
            reason=why,
            address_key=CHANNELS[campaign["channel"]].address_key(person, None),
        )
        if is_sent:
            first_name = person.get("first_name") or (person.get("name") or "").partition(" ")[0]
            shown = render(name, who, first_name or None)
            row |= cast("Message", _sent(state, times, shown, row["_id"]))
        if name:
            row["variant"] = name
        yield row


def _renderer(campaign: Campaign, formatting: MessageFormat) -> Callable[[str | None, str, str | None], Rendered]:
    """For a variant, a customer's id and first name. Its texts name nothing else, so that each is rendered once."""

    @cache
    def render_common(variant: str | None, first_name: str | None) -> Rendered:
        return render_content(campaign, variant, {"id": MADE_UP, "first_name": first_name}, formatting)

    def render(variant: str | None, who: str, first_name: str | None) -> Rendered:
        common = render_common(variant, first_name)
        if common.unsubscribe_url is None:
            return common
        own = formatting.links.url(campaign["_id"], who, campaign["channel"])
        return replace(common, body=common.body.replace(common.unsubscribe_url, own), unsubscribe_url=own)

    return render


def _sent(state: MessageState, times: list[int], shown: Rendered, row_id: str) -> dict[str, Any]:
    ended = "failed_at" if state is MessageState.FAILED else "delivered_at"
    moments = dict(zip(("sent_at", ended, "opened_at", "clicked_at", "unsubscribed_at"), times, strict=True))
    return {
        "rank": state.rank,
        "vendor_id": f"demo-{hashlib.sha256(row_id.encode()).hexdigest()[:12]}",
        "text": shown.body,
        **shown.lines,
        **{name: moment(at_s) for name, at_s in moments.items() if at_s},
    }


def _chunks(rows: Iterator[Message]) -> Iterator[list[Message]]:
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk
