"""What a campaign's message log is to hold: a row for each customer of the audience, excluded and held out too."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, TypedDict
from zoneinfo import ZoneInfo

from crm_core.audience.contexts import FrozenSegments
from crm_core.audience.evaluation import Audience
from crm_core.audience.ranks import StoredRanks
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.planning.split import is_held_out, places, variant_at
from crm_core.campaigns.states import RowReason
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState

MAX_REMEMBERED = 16
"""Campaigns whose ranks are kept."""
AddressKeys: TypeAlias = Callable[[Collection[str], str], Mapping[str, str]]
"""From customer ids and a channel to the address keys of those who have one, by id."""


class Plan:
    """Of a launched campaign: reads, and writes nothing, so that a rehearsal asks it as well."""

    def __init__(self, audience: Audience, message_log: MessageLog, address_keys: AddressKeys) -> None:
        self._audience = audience
        self._ranks: OrderedDict[tuple[str, datetime], StoredRanks] = OrderedDict()
        self._message_log = message_log
        self._address_keys = address_keys

    def walk(self, campaign: Campaign) -> Iterator[str]:
        """The ids of the audience in order, those after the campaign's mark. Raises BadRule when the first is asked."""
        yield from self._audience.ids(load_rule(campaign["rule"]), **self._as_frozen(campaign))

    def count_left(self, campaign: Campaign) -> int:
        """How many of its audience, as it is now, are behind its mark and have no row. Raises BadRule."""
        after, campaign_id = campaign.get("plan_after"), campaign["_id"]
        behind = self._audience.count(load_rule(campaign["rule"]), **self._as_frozen(campaign))
        return max(0, behind - self._message_log.count_rows(campaign_id, after=after))

    def rows(self, campaign: Campaign, customer_ids: Sequence[str], *, at: datetime) -> list[Message]:
        """The rows to be written for these of its audience. at: when they are.

        Whoever is excluded is so whatever the hash says: a holdout is a sample of those who would get a message. Who is
        held out is so with the address: nobody else gets a message there.
        """
        excluded = self._excluded(campaign, customer_ids)
        rows = [_to_row(campaign, customer_id, excluded.get(customer_id), at) for customer_id in customer_ids]
        held_out = [row for row in rows if row["rank"] == MessageState.HELD_OUT.rank]
        keys = self._address_keys([row["customer_id"] for row in held_out], campaign["channel"])
        for row in held_out:
            if key := keys.get(row["customer_id"]):
                row["address_key"] = key
        return rows

    def _excluded(self, campaign: Campaign, customer_ids: Sequence[str]) -> dict[str, RowReason]:
        found: dict[str, RowReason] = {}
        if days := campaign.get("exclude_recent_days"):
            start = campaign["launched_at"] - timedelta(days=days)
            recent = self._message_log.messaged_since(start, customer_ids, besides=campaign["_id"])
            found |= dict.fromkeys(recent, RowReason.MESSAGED_RECENTLY)
        if rule := campaign.get("exclude_rule"):
            members = self._audience.among(
                customer_ids,
                load_rule(rule),
                now=campaign["launched_at"],
                segments=FrozenSegments(campaign["exclude_rule_segments"]),
                zone=_zone_of(campaign),
                ranks=self._ranks_of(campaign),
            )
            found |= dict.fromkeys(members, RowReason.EXCLUDED_SEGMENT)
        return found

    def _as_frozen(self, campaign: Campaign) -> "_AsFrozen":
        """How its rule is evaluated behind its mark."""
        return {
            "now": campaign["launched_at"],
            "after": campaign.get("plan_after"),
            "segments": FrozenSegments(campaign.get("rule_segments", ())),
            "zone": _zone_of(campaign),
            "ranks": self._ranks_of(campaign),
        }

    def _ranks_of(self, campaign: Campaign) -> StoredRanks:
        """As they were when its evaluation began in this process: audience and exclusions have the same."""
        key = (campaign["_id"], campaign["launched_at"])
        ranks = self._ranks.pop(key, None) or self._audience.ranks()
        self._ranks[key] = ranks
        while len(self._ranks) > MAX_REMEMBERED:
            self._ranks.popitem(last=False)
        return ranks


class _AsFrozen(TypedDict):
    now: datetime
    after: str | None
    segments: FrozenSegments
    zone: ZoneInfo
    ranks: StoredRanks


def _zone_of(campaign: Campaign) -> ZoneInfo:
    return ZoneInfo(campaign.get("time_zone", "UTC"))


def _to_row(campaign: Campaign, customer_id: str, reason: RowReason | None, at: datetime) -> Message:
    campaign_id, channel = campaign["_id"], campaign["channel"]
    if reason:
        skipped = MessageState.SKIPPED
        return new_row(campaign_id, customer_id, channel=channel, at=at, state=skipped, reason=reason)
    variants, percent = campaign.get("variants") or (), campaign.get("holdout_percent") or 0
    if not variants and not percent:
        return new_row(campaign_id, customer_id, channel=channel, at=at)
    for_holdout, for_variant = places(campaign.get("seed") or campaign_id, customer_id)
    if is_held_out(for_holdout, percent):
        return new_row(campaign_id, customer_id, channel=channel, at=at, state=MessageState.HELD_OUT)
    row = new_row(campaign_id, customer_id, channel=channel, at=at)
    if variants:
        row["variant"] = variant_at(for_variant, variants)
    return row
