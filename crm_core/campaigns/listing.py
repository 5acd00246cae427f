"""The table of campaigns: filtered, counted, sorted and paged in the database, by the figures kept with each."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.campaigns.model import HEAVY, Campaign, campaigns_in
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import pattern_of

MAX_LISTED: Final = 10_000
State = CampaignState


class StateGroup(StrEnum):
    """States that belong together for who looks at a list; ``archived`` stands apart from all of them."""

    ALL = "all"
    DRAFTS = "drafts"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    DONE = "done"
    ARCHIVED = "archived"


STATES_OF: Final[Mapping[StateGroup, tuple[State, ...]]] = {
    StateGroup.DRAFTS: (State.DRAFT,),
    StateGroup.SCHEDULED: (State.SCHEDULED,),
    StateGroup.RUNNING: (State.PREPARING, State.SENDING, State.PAUSED),
    StateGroup.DONE: (State.COMPLETED, State.CANCELLED, State.FAILED),
}
_RUNNING_FIRST: Doc = {"$cond": [{"$in": ["$state", list(STATES_OF[StateGroup.RUNNING])]}, 0, 1]}
_MOMENT: Doc = {"$ifNull": ["$launched_at", {"$ifNull": ["$scheduled_at", "$created_at"]}]}
_ORDER_OF_STATES: Doc = {"$indexOfArray": [list(State), "$state"]}
_LOWER: Final = ("name", "segment_name", "created_by", "channel")
SORTS: Final[Mapping[str, str | Doc]] = {
    "state": _ORDER_OF_STATES,
    **{name: {"$toLower": f"${name}"} for name in _LOWER},
    "tags": {"$toLower": {"$ifNull": [{"$first": "$tags"}, "￿"]}},
    "when": "$moment",
    "audience": "$counts.audience",
    "sent": "$counts.sent",
    "delivered": "$counts.delivered_rate",
    "opened": "$counts.opened_rate",
    "clicked": "$counts.clicked_rate",
    **{name: f"$counts.by_state.{name}" for name in ("failed", "skipped", "held_out")},
}
"""What the table can be sorted by. Campaigns without the figure stand at the end, whichever way."""


@dataclass(frozen=True)
class CampaignFilter:
    """text: part of a name, segment or tag. start, end: of the launch, else of the start that is planned, else of the
    making; aware, the first included and the last not. channels: any of them, all for none."""

    group: StateGroup = StateGroup.ALL
    channels: tuple[str, ...] = ()
    text: str = ""
    owner: str | None = None
    tag: str | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class CampaignSort:
    """by: of SORTS; None for the running ones first, then the newest."""

    by: str | None = None
    is_descending: bool = True


@dataclass(frozen=True)
class CampaignCounts:
    """Of each choice, how many the other choices leave. groups: all but the archived ones add up to ``all``."""

    groups: Mapping[StateGroup, int]
    channels: Mapping[str, int] = field(default_factory=dict)
    owners: Sequence[str] = ()
    tags: Sequence[str] = ()


class CampaignList:
    """Raises Unavailable."""

    def __init__(self, db: Db) -> None:
        self._campaigns = campaigns_in(db)
        self._groups: Collection[Doc] = db.campaigns

    def counts(self, wanted: CampaignFilter, *, actor: Actor) -> CampaignCounts:
        actor.require(Permission.READ_FIGURES)
        key: Doc = {"state": "$state", "channel": "$channel", "archived": {"$gt": ["$archived_at", None]}}
        either = replace(wanted, group=StateGroup.ALL, channels=())
        stages = [*_matching(either, any_group=True), {"$group": {"_id": key, "count": {"$sum": 1}}}]
        names: Doc = {"_id": None, "owners": {"$addToSet": "$created_by"}, "tags": {"$addToSet": "$tags"}}
        with translated():
            rows = list(self._groups.aggregate(stages))
            found: Doc = next(self._groups.aggregate([{"$group": names}]), {"owners": [], "tags": []})
        return CampaignCounts(
            _count_groups(rows, wanted.channels),
            _count_channels(rows, wanted.group),
            sorted(found["owners"], key=str.casefold),
            sorted({tag for tags in found["tags"] for tag in tags or ()}, key=str.casefold),
        )

    def page(
        self, wanted: CampaignFilter, sort: CampaignSort, *, skip: int, limit: int, actor: Actor
    ) -> list[Campaign]:
        """Without what can be large: the rule, and figures over time."""
        actor.require(Permission.READ_FIGURES)
        stages = [*_matching(wanted), *_sorted_by(sort), {"$skip": skip}, {"$limit": limit}]
        with translated():
            return list(self._campaigns.aggregate(stages))

    def all_of(self, wanted: CampaignFilter, sort: CampaignSort, *, actor: Actor) -> Iterator[Campaign]:
        """The first 10,000."""
        actor.require(Permission.READ_FIGURES)
        yield from self.page(wanted, sort, skip=0, limit=MAX_LISTED, actor=actor)


def _matching(wanted: CampaignFilter, *, any_group: bool = False) -> list[Doc]:
    query: Doc = {}
    if wanted.group in STATES_OF:
        query["state"] = {"$in": list(STATES_OF[wanted.group])}
    if not any_group:
        query["archived_at"] = {"$ne": None} if wanted.group is StateGroup.ARCHIVED else None
    if wanted.channels:
        query["channel"] = {"$in": list(wanted.channels)}
    if wanted.owner is not None:
        query["created_by"] = wanted.owner
    if wanted.tag is not None:
        query["tags"] = wanted.tag
    if wanted.text.strip():
        like = {"$regex": pattern_of(wanted.text.strip()), "$options": "i"}
        query["$or"] = [{name: like} for name in ("name", "segment_name", "tags")]
    within = {name: at for name, at in (("$gte", wanted.start), ("$lt", wanted.end)) if at}
    moment: list[Doc] = [{"$match": {"moment": within}}] if within else []
    return [
        {"$match": query},
        {"$project": dict.fromkeys((*HEAVY, "details"), 0)},
        {"$set": {"moment": _MOMENT}},
        *moment,
    ]


def _sorted_by(sort: CampaignSort) -> list[Doc]:
    newest = {"moment": DESCENDING, "_id": DESCENDING}
    if sort.by is None:
        return [{"$set": {"place": _RUNNING_FIRST}}, {"$sort": {"place": ASCENDING, **newest}}]
    way = DESCENDING if sort.is_descending else ASCENDING
    value = {"$set": {"place": SORTS[sort.by]}}
    has_none: Any = {"$set": {"has_none": {"$lte": ["$place", None]}}}
    return [value, has_none, {"$sort": {"has_none": ASCENDING, "place": way, **newest}}]


def _count_groups(rows: Sequence[Doc], channels: Sequence[str]) -> dict[StateGroup, int]:
    counted: Counter[StateGroup] = Counter()
    group_of = {state: group for group, states in STATES_OF.items() for state in states}
    for row in rows:
        if channels and row["_id"]["channel"] not in channels:
            continue
        group = StateGroup.ARCHIVED if row["_id"]["archived"] else group_of[State(row["_id"]["state"])]
        counted[group] += row["count"]
    counted[StateGroup.ALL] = sum(counted[group] for group in STATES_OF)
    return {group: counted[group] for group in StateGroup}


def _count_channels(rows: Sequence[Doc], wanted: StateGroup) -> dict[str, int]:
    counted: Counter[str] = Counter()
    states = STATES_OF.get(wanted, tuple(State))
    for row in rows:
        if row["_id"]["archived"] == (wanted is StateGroup.ARCHIVED) and row["_id"]["state"] in states:
            counted[row["_id"]["channel"]] += row["count"]
    return dict(counted)
