"""The communication log: one row per customer and campaign, whatever happens."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from pymongo.collection import Collection as Stored
from pymongo.errors import BulkWriteError

from crm_core.access.actor import Actor
from crm_core.access.personal_reads import PersonalReads
from crm_core.campaigns.messages.model import Message, messages_in
from crm_core.campaigns.messages.moves import Moves
from crm_core.campaigns.messages.rows import BY_RANK, BY_UNSUBSCRIBED, as_same_address, to_record
from crm_core.campaigns.model import Point
from crm_core.infra.mongo import DUPLICATE_KEY, Db, Doc, consistent, translated
from crm_core.infra.paging import page_newest
from crm_core.schema.message_states import REACHED, STATES, MessageState

TIMELINE_POINTS = 60
_SEEN_AT = ("$delivered_at", "$opened_at", "$clicked_at")
_MOMENTS: dict[str, Doc] = {
    "sent": {"$min": "$sent_at"},
    **{name: {"$min": list(_SEEN_AT[place:])} for place, name in enumerate(("delivered", "opened", "clicked"))},
    "failed": {"$cond": [{"$eq": ["$rank", MessageState.FAILED.rank]}, "$failed_at", None]},
}
"""When a row came to each step: who has opened a message has got it, whether a receipt says so or not."""
TIMELINE_STATES = tuple(_MOMENTS)


@dataclass(frozen=True)
class Stats:
    """by_state: rows by their present state; each row counts once, so it sums to the audience.

    pending_by_reason: of the pending rows those that wait for something, such as the end of quiet hours. by_variant:
    of rows that have one: who is held out or excluded has none. Empty unless it was asked for. unsubscribed: who has
    by the link of the message, whatever its state.
    """

    by_state: dict[MessageState, int]
    skipped_by_reason: dict[str, int]
    failed_by_reason: dict[str, int]
    pending_by_reason: dict[str, int]
    by_variant: dict[str, dict[MessageState, int]] = field(default_factory=dict)
    unsubscribed: int = 0

    @property
    def audience(self) -> int:
        return sum(self.by_state.values())

    def reached(self, state: MessageState) -> int:
        """How many got at least so far: sent, delivered, opened or clicked."""
        return reached_in(self.by_state, state)


def reached_in(by_state: Mapping[MessageState, int], state: MessageState) -> int:
    """The same of one variant."""
    return sum(by_state[each] for each in REACHED[state])


class MessageLog:
    def __init__(self, db: Db, reads: PersonalReads, moves: Moves) -> None:
        self._reads = reads
        self._moves = moves
        self._messages = messages_in(db)
        self._counted: Stored[Doc] = consistent(db).messages
        self._steps: Stored[Doc] = db.messages

    def insert(self, rows: Sequence[Message]) -> None:
        """Write new rows; one that is there already stays as it is. One with an address that the campaign writes to
        already is written as skipped."""
        refused = self._insert(rows)
        while refused:
            campaign_id, channel = refused[0]["campaign_id"], refused[0]["channel"]
            holders = self.address_holders(campaign_id, channel, [row["address_key"] for row in refused])
            told = [(row, holders.get(row["address_key"])) for row in refused]
            refused = self._insert([as_same_address(row, holder) if holder else row for row, holder in told])
        self._moves.note(row["campaign_id"] for row in rows)

    def _insert(self, rows: Sequence[Message]) -> list[Message]:
        """Returns those that were refused for their address."""
        with translated():
            try:
                self._messages.insert_many(rows, ordered=False)
            except BulkWriteError as exc:
                details = exc.details or {}
                others = [error for error in details["writeErrors"] if error["code"] != DUPLICATE_KEY]
                if others or details["writeConcernErrors"]:
                    raise
                return [
                    rows[error["index"]] for error in details["writeErrors"] if "address_key" in error["keyPattern"]
                ]
        return []

    def address_holders(self, campaign_id: str, channel: str, address_keys: Collection[str]) -> dict[str, str]:
        """Address key to the customer by whose row the campaign writes to it, of those that are taken."""
        query = {"address_key": {"$in": list(address_keys)}, "channel": channel, "campaign_id": campaign_id}
        with translated():
            rows = self._messages.find(query, {"_id": 0, "address_key": 1, "customer_id": 1})
            return {row["address_key"]: row["customer_id"] for row in rows}

    def sent_since(
        self, start: datetime, customer_ids: Sequence[str], channel: str, *, besides: str | None = None
    ) -> dict[str, list[datetime]]:
        """When messages were sent over ``channel`` from ``start`` on, by customer; besides: a campaign left out."""
        query = {"customer_id": {"$in": list(customer_ids)}, "sent_at": {"$gte": start}, "channel": channel}
        sent: dict[str, list[datetime]] = defaultdict(list)
        with translated():
            for row in self._messages.find(query, {"customer_id": 1, "campaign_id": 1, "sent_at": 1}):
                if row["campaign_id"] != besides:
                    sent[row["customer_id"]].append(row["sent_at"])
        return dict(sent)

    def sent_to(
        self, start: datetime, address_keys: Collection[str], channel: str, *, besides: str | None = None
    ) -> dict[str, list[datetime]]:
        """The same to addresses, by key, whoever had them."""
        query = {"address_key": {"$in": list(address_keys)}, "channel": channel, "sent_at": {"$gte": start}}
        sent: dict[str, list[datetime]] = defaultdict(list)
        with translated():
            for row in self._messages.find(query, {"address_key": 1, "campaign_id": 1, "sent_at": 1}):
                if row["campaign_id"] != besides:
                    sent[row["address_key"]].append(row["sent_at"])
        return dict(sent)

    def messaged_since(self, start: datetime, customer_ids: Sequence[str], *, besides: str) -> set[str]:
        """Who was sent anything over any channel from ``start`` on; besides: a campaign left out."""
        query = {"customer_id": {"$in": list(customer_ids)}, "sent_at": {"$gte": start}}
        with translated():
            rows = self._messages.find(query, {"customer_id": 1, "campaign_id": 1})
            return {row["customer_id"] for row in rows if row["campaign_id"] != besides}

    def of_customer(
        self, customer_id: str, *, actor: Actor, limit: int = 50, after: str | None = None
    ) -> tuple[list[Doc], str | None]:
        """A customer's messages, newest first, and the id to go on after, None on the last page."""
        self._reads.require_one(actor, customer_id)
        query: Doc = {"customer_id": customer_id}
        rows, more = page_newest(self._messages, query, "created_at", limit=limit, after=after)
        return [to_record(row) for row in rows], more

    def stats(self, campaign_id: str, *, by_variant: bool = False) -> Stats:
        """Counted from the rows, each time: one covered index scan, and one of who has unsubscribed. by_variant: reads
        every row."""
        key = {"rank": "$rank", "reason": "$reason"} | ({"variant": "$variant"} if by_variant else {})
        stages: list[Doc] = [
            {"$match": {"campaign_id": campaign_id}},
            {"$group": {"_id": key, "count": {"$sum": 1}}},
        ]
        gone = {"campaign_id": campaign_id, "unsubscribed_at": {"$exists": True}}
        with translated():
            unsubscribed = self._messages.count_documents(gone, hint=BY_UNSUBSCRIBED)
            return _to_stats(list(self._counted.aggregate(stages)), unsubscribed)

    def count_rows(self, campaign_id: str, *, after: str | None) -> int:
        """Those of customers behind the id ``after``, all for None: a covered scan of an index."""
        query: Doc = {"campaign_id": campaign_id} | ({"customer_id": {"$gt": after}} if after else {})
        with translated():
            return self._messages.count_documents(query, hint=BY_RANK)

    def timeline(self, campaign_id: str, *, start: datetime, end: datetime) -> list[Point]:
        """How many had got at least so far, and how many had failed for good, at most 60 points after the first.

        What a vendor's clock says came before ``start`` counts in the first, what came later than the last in that.
        """
        width = max((end - start) / TIMELINE_POINTS, timedelta(seconds=1))
        buckets = {state: _bucket(moment, start, width) for state, moment in _MOMENTS.items()}
        stages: list[Doc] = [
            {"$match": {"campaign_id": campaign_id, "rank": {"$lt": MessageState.SKIPPED.rank}}},
            {"$project": {"_id": 0, **buckets}},
            {"$facet": {state: [{"$sortByCount": f"${state}"}] for state in TIMELINE_STATES}},
        ]
        with translated():
            found = next(iter(self._steps.aggregate(stages)))
        counts = {
            (int(row["_id"]), state): row["count"]
            for state in TIMELINE_STATES
            for row in found[state]
            if row["_id"] is not None
        }
        return _accumulate(counts, start, width)


def _bucket(moment: Doc, start: datetime, width: timedelta) -> Doc:
    """Null for a step that has not come."""
    number = {"$floor": {"$divide": [{"$subtract": [moment, start]}, width / timedelta(milliseconds=1)]}}
    within = {"$max": [0, {"$min": [TIMELINE_POINTS - 1, number]}]}  # each of which passes over a null
    return {"$cond": [{"$gt": [moment, None]}, within, None]}


def _accumulate(counts: Mapping[tuple[int, str], int], start: datetime, width: timedelta) -> list[Point]:
    if not counts:
        return []
    totals: Counter[str] = Counter()
    points = [_point(start, totals)]
    for bucket in range(max(bucket for bucket, _ in counts) + 1):
        totals.update({state: counts.get((bucket, state), 0) for state in TIMELINE_STATES})
        points.append(_point(start + (bucket + 1) * width, totals))
    return points


def _point(at: datetime, totals: Mapping[str, int]) -> Point:
    return cast("Point", {"at": at, **{state: totals[state] for state in TIMELINE_STATES}})


def _to_stats(rows: Sequence[Doc], unsubscribed: int) -> Stats:
    by_state = dict.fromkeys(MessageState, 0)
    by_variant: dict[str, dict[MessageState, int]] = {}
    reasons: dict[MessageState, Counter[str]] = {state: Counter() for state in MessageState}
    for row in rows:
        state = STATES[row["_id"]["rank"]]
        by_state[state] += row["count"]
        reasons[state][row["_id"].get("reason") or "unknown"] += row["count"]
        if variant := row["_id"].get("variant"):
            by_variant.setdefault(variant, dict.fromkeys(MessageState, 0))[state] += row["count"]
    waiting = {reason: count for reason, count in reasons[MessageState.PENDING].items() if reason != "unknown"}
    skipped, failed = dict(reasons[MessageState.SKIPPED]), dict(reasons[MessageState.FAILED])
    return Stats(by_state, skipped, failed, waiting, by_variant, unsubscribed)
