"""Release in turns: the message log is the truth, the stream only says which batch of it is next."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

import redis
import structlog

from crm_core.access.actor import SYSTEM
from crm_core.campaigns.messages.pending import PendingRows
from crm_core.campaigns.model import Campaign, CampaignFields
from crm_core.campaigns.planning.progress import Progress, Released, released_of
from crm_core.campaigns.sending.batches import DeliveryBatch, read_batch
from crm_core.campaigns.sending.quiet import QuietHours
from crm_core.campaigns.sending.rate import ChannelRates
from crm_core.campaigns.states import RUNNING, CampaignState
from crm_core.campaigns.store import CampaignStore
from crm_core.errors import Permanent
from crm_core.infra.clock import Clock
from crm_core.infra.streams import Publisher, Stream, redis_translated

log = structlog.stdlib.get_logger(__name__)

BATCH_SIZE = 250
WINDOW = 16
"""Most batches outstanding, shared evenly by the campaigns that have something to send, at least one each."""
RATED_S = 1.5
"""Of a channel with a rate, so many seconds' worth is outstanding, in batches of a third of it."""
WAKE_LIMIT = 5_000
ROUND_REST = timedelta(seconds=1)
"""After the last release a round may end: longer than another worker needs from the mark to the stream."""
FIELDS = ("state", "channel", "release", "plan_after", "planned_at", "launched_at")


@dataclass
class Outstanding:
    """What is on the stream and not acknowledged: by campaign batches, by channel rows. entries: all ids."""

    batches: Counter[str]
    rows: Counter[str]
    entries: Collection[str]


class Releaser:
    def __init__(
        self,
        campaigns: CampaignStore,
        progress: Progress,
        rows: PendingRows,
        rates: ChannelRates,
        client: redis.Redis,
        clock: Clock,
        quiet: Callable[[], QuietHours | None],
        *,
        batch_size: int = BATCH_SIZE,
    ) -> None:
        """quiet: asked each time for the hours of now. batch_size: rows in one; of a channel with a rate fewer."""
        self._campaigns = campaigns
        self._progress = progress
        self._rows = rows
        self._rates = rates
        self._client = client
        self._publisher = Publisher(client)
        self._clock = clock
        self._quiet = quiet
        self._batch_size = batch_size
        self._turn = 0
        self._looked_at: dict[str, datetime] = {}

    def run_once(self) -> int:
        """Fill the window, a batch for each campaign in turn; returns how many were released."""
        running = [each for each in self._campaigns.in_state(*RUNNING, fields=FIELDS) if self._is_sound(each)]
        self._looked_at = {
            each["_id"]: self._looked_at[each["_id"]] for each in running if each["_id"] in self._looked_at
        }
        if not running:
            return 0
        out = self.outstanding({row["_id"]: row["channel"] for row in running})
        now = self._clock()
        quiet = self._quiet()
        for campaign in running:
            self._wake(campaign["_id"], str(quiet) if quiet else None, now)
        self._turn += 1
        start = self._turn % len(running)
        return self._fill(running[start:] + running[:start], out, now)

    def _wake(self, campaign_id: str, hours: str | None, now: datetime) -> None:
        """Rows whose time has come, and those that wait for the end of quiet hours that were changed since."""
        self._rows.wake(campaign_id, now, limit=WAKE_LIMIT)
        if self._rows.wake_held(campaign_id, hours, limit=WAKE_LIMIT):
            self._looked_at.pop(campaign_id, None)

    def _is_sound(self, campaign: Campaign) -> bool:
        """One that somebody has damaged by hand is paused: no other may wait for it."""
        if _is_well_formed(campaign):
            return True
        log.error("malformed", campaign=campaign["_id"])
        reason = (
            "What is stored of it cannot be read: its channel, or how far it is released. Cancel it and make it anew."
        )
        values: CampaignFields = {"paused_at": self._clock(), "paused_by": SYSTEM.label, "pause_reason": reason}
        self._campaigns.move(campaign["_id"], RUNNING, CampaignState.PAUSED, values, actor=SYSTEM, action="pause")
        return False

    def outstanding(self, channels: dict[str, str]) -> Outstanding:
        """channels: of the running campaigns."""
        with redis_translated():
            entries = cast("list[tuple[bytes, Any]]", self._client.xrange(Stream.DELIVERIES))
        found = Outstanding(Counter(), Counter(), [entry_id.decode() for entry_id, _ in entries])
        for _, fields in entries:
            try:
                batch = read_batch(fields.get(b"d", b""))
            except Permanent:  # the delivery worker buries it
                continue
            found.batches[batch.campaign_id] += 1
            found.rows[channels.get(batch.campaign_id, "")] += batch.count
        return found

    def _fill(self, running: list[Campaign], out: Outstanding, now: datetime) -> int:
        """Round robin; whoever has nothing more to release, or no room, leaves the circle."""
        waiting = [each for each in running if out.batches[each["_id"]] or self._has_next(each, out, now)]
        share = max(1, WINDOW // max(1, len(waiting)))
        count = 0
        while waiting:
            waiting = [each for each in waiting if self._has_room(each, out, share) and self._release(each, out, now)]
            count += len(waiting)
        return count

    def _has_room(self, campaign: Campaign, out: Outstanding, share: int) -> bool:
        rate = self._rates.rate(campaign["channel"])
        return out.batches[campaign["_id"]] < share and (rate is None or out.rows[campaign["channel"]] < rate * RATED_S)

    def _has_next(self, campaign: Campaign, out: Outstanding, now: datetime) -> bool:
        """Whether there is a batch to release, of a new round if this one is over."""
        return bool(self._next(campaign, released_of(campaign))) or self._begin_round(campaign, out, now)

    def _release(self, campaign: Campaign, out: Outstanding, now: datetime) -> bool:
        """One batch: the mark moves before the stream is told, so a crash in between leaves a hole, no double."""
        before = released_of(campaign)
        ids = self._next(campaign, before)
        if not ids:
            return False
        after = replace(before, after=ids[-1], at=now)
        if not self._progress.note_release(campaign["_id"], before, after):
            return False
        campaign["release"] = {"round": after.round, "after": after.after, "at": now}
        batch = DeliveryBatch(campaign["_id"], before.after, ids[-1], after.round, len(ids))
        self._publisher.publish(Stream.DELIVERIES, [batch.to_payload()])
        out.batches[campaign["_id"]] += 1
        out.rows[campaign["channel"]] += len(ids)
        return True

    def _next(self, campaign: Campaign, released: Released) -> list[str]:
        """Customer ids of the next batch. While the walk goes on, only up to its mark: behind it rows may lack."""
        planned = bool(campaign.get("planned_at"))
        upto = None if planned else campaign.get("plan_after")
        if not planned and upto is None:
            return []
        limit = rows_per_batch(self._rates.rate(campaign["channel"]), self._batch_size)
        return self._rows.next_open(campaign["_id"], after=released.after, upto=upto, limit=limit)

    def _begin_round(self, campaign: Campaign, out: Outstanding, now: datetime) -> bool:
        """When a round is at its end and open rows are left, walk them again: holes, lost entries, rows now due."""
        campaign_id, before = campaign["_id"], released_of(campaign)
        if campaign["state"] != CampaignState.SENDING or out.batches[campaign_id] or before.after is None:
            return False
        if _is_just_now(before.at, now) or _is_just_now(self._looked_at.get(campaign_id), now):
            return False
        self._looked_at[campaign_id] = now
        if not self._rows.next_open(campaign_id, after=None, upto=None, limit=1):
            return False
        after = Released(before.round + 1, None, now)
        if not self._progress.note_release(campaign_id, before, after):
            return False
        log.info("round begun", campaign=campaign_id, round=after.round)
        campaign["release"] = {"round": after.round, "after": None, "at": now}
        return True


def _is_well_formed(campaign: Campaign) -> bool:
    try:
        released = released_of(campaign)
    except (LookupError, TypeError):
        return False
    kinds = ((campaign.get("channel"), str), (released.round, int), (released.after or "", str))
    is_dated = isinstance(released.at, datetime | None)
    return is_dated and all(isinstance(value, kind) for value, kind in kinds)


def _is_just_now(moment: datetime | None, now: datetime) -> bool:
    """Not later than now: a clock that was set back would be waited for."""
    return moment is not None and abs(now - moment) < ROUND_REST


def rows_per_batch(rate: float | None, most: int = BATCH_SIZE) -> int:
    """Rows in a batch over a channel with that rate; as many of them as make the decisions of one moment."""
    return most if rate is None else max(1, min(most, int(rate * RATED_S / 3)))
