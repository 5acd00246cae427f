"""The walk over the audiences of launched campaigns, in slices of bounded time, taking turns."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import structlog
from bson import ObjectId
from pymongo.errors import CursorNotFound

from crm_core.access.actor import SYSTEM
from crm_core.campaigns.counts import plan_of
from crm_core.campaigns.drafting.definition import MALFORMED
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.campaigns.model import Campaign, CampaignFields
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.planning.progress import CLOSING, Progress
from crm_core.campaigns.states import CampaignState
from crm_core.errors import InvalidInput, Unavailable
from crm_core.infra.clock import Clock

log = structlog.stdlib.get_logger(__name__)

CHUNK = 1000
SLICE_S = 0.5
MAX_TRIES = 5
REST = timedelta(seconds=2)
"""After the first failure of a campaign's planning; twice as long after each further one."""


@dataclass
class _Walk:
    """A cursor that stays open between slices. after: the last id whose row is written."""

    campaign: Campaign
    ids: Iterator[str]
    after: str | None


@dataclass(frozen=True)
class _Failures:
    """In a row. again_at: before that it is not tried."""

    count: int
    again_at: datetime


class Planner:
    """One worker's part: only the holder of a campaign's lease walks its audience."""

    def __init__(
        self,
        campaigns: Campaigns,
        progress: Progress,
        plan: Plan,
        message_log: MessageLog,
        clock: Clock,
        *,
        chunk: int = CHUNK,
    ) -> None:
        self._campaigns = campaigns
        self._progress = progress
        self._plan = plan
        self._message_log = message_log
        self._clock = clock
        self._chunk = chunk
        self._name = str(ObjectId())
        self._walks: dict[str, _Walk] = {}
        self._failures: dict[str, _Failures] = {}
        self._turn = ""

    def run_slice(self, *, length_s: float = SLICE_S) -> int:
        """A slice for the campaign whose turn it is; returns how many rows were looked at, 0 if none is to plan.

        Raises Unavailable; the walk goes on after its mark.
        """
        waiting = [row["_id"] for row in self._campaigns.in_state(CampaignState.PREPARING, fields=["_id"])]
        for gone in (self._walks.keys() | self._failures.keys()) - set(waiting):
            self._forget(gone)
        for campaign_id in _from_turn(sorted(waiting), self._turn):
            if self._is_resting(campaign_id):
                continue
            if walk := self._open(campaign_id):
                self._turn = campaign_id
                return self._run(walk, time.monotonic() + length_s)
        return 0

    def count_left(self, campaign_id: str) -> int | None:
        """Of a campaign whose plan was cut short, how many of its audience have no row; None of others, and when its
        rule cannot be evaluated, or its document is not as this program writes it."""
        campaign = self._campaigns.get(campaign_id)
        try:
            return self._plan.count_left(campaign) if plan_of(campaign) == "cut_short" else None
        except (InvalidInput, *MALFORMED):
            return None

    def _open(self, campaign_id: str) -> _Walk | None:
        """The walk where this worker left it, or another one did whose lease has ended."""
        campaign = self._progress.lease_plan(campaign_id, self._name, self._clock())
        if campaign is None:
            self._walks.pop(campaign_id, None)
            return None
        walk = self._walks.get(campaign_id)
        if walk is None or walk.after != campaign.get("plan_after"):
            walk = _Walk(campaign, self._plan.walk(campaign), campaign.get("plan_after"))
            self._walks[campaign_id] = walk
        return walk

    def _run(self, walk: _Walk, until: float) -> int:
        """At least one chunk. A walk whose campaign cannot be evaluated ends it: the others must not wait for it."""
        campaign_id, count = walk.campaign["_id"], 0
        try:
            while chunk := list(islice(walk.ids, self._chunk)):
                count += len(chunk)
                if not self._write(walk, chunk):
                    break
                if time.monotonic() >= until:
                    return count
            else:
                self._finish(walk)
            del self._walks[campaign_id]
        except InvalidInput as exc:
            self._fail(campaign_id, str(exc))
        except CursorNotFound:  # it waited too long for its turn
            del self._walks[campaign_id]
        except Unavailable:
            self._walks.pop(campaign_id, None)
            raise
        except Exception as exc:
            self._try_again(campaign_id, exc)
        return count + 1

    def _try_again(self, campaign_id: str, exc: Exception) -> None:
        """A few times, and later, since whatever cannot be foreseen may pass."""
        log.error("not planned", campaign=campaign_id, exc_info=exc)
        self._walks.pop(campaign_id, None)
        before = self._failures.get(campaign_id)
        count = before.count + 1 if before else 1
        self._failures[campaign_id] = _Failures(count, self._clock() + REST * 2 ** (count - 1))
        if count >= MAX_TRIES:
            self._fail(campaign_id, f"Planning failed {MAX_TRIES} times: {exc!r}. The campaign worker's log has more.")

    def _is_resting(self, campaign_id: str) -> bool:
        failures = self._failures.get(campaign_id)
        return failures is not None and self._clock() < failures.again_at

    def _forget(self, campaign_id: str) -> None:
        self._walks.pop(campaign_id, None)
        self._failures.pop(campaign_id, None)

    def _write(self, walk: _Walk, chunk: list[str]) -> bool:
        """Whether this worker still walks: the rows first, then the mark, which only they may pass."""
        campaign_id, now = walk.campaign["_id"], self._clock()
        self._message_log.insert(self._plan.rows(walk.campaign, chunk, at=now))
        if self._progress.note_plan(campaign_id, walk.after, chunk[-1], self._name, now):
            walk.after = chunk[-1]
            self._failures.pop(campaign_id, None)
            return True
        log.info("walk given up", campaign=campaign_id)
        self._recount(campaign_id)
        return False

    def _recount(self, campaign_id: str) -> None:
        """Somebody paused or cancelled, or took over while this process was asleep: then rows may have been written
        after the audience was counted."""
        state = self._campaigns.get(campaign_id)["state"]
        if state in {CampaignState.SENDING, CampaignState.COMPLETED}:
            self._progress.note_audience(campaign_id, self._message_log.stats(campaign_id).audience)
            self._campaigns.advance(
                campaign_id, CampaignState.COMPLETED, CampaignState.SENDING, {}, cleared=["finished_at"]
            )
        elif state in {CampaignState.CANCELLED, CampaignState.FAILED}:
            self._progress.close_again(campaign_id, self._clock() + CLOSING)

    def _finish(self, walk: _Walk) -> None:
        campaign_id = walk.campaign["_id"]
        audience = self._message_log.stats(campaign_id).audience
        values: CampaignFields = {"audience": audience, "planned_at": self._clock()}
        only = {"plan_after": walk.after}
        before, after = CampaignState.PREPARING, CampaignState.SENDING
        cleared = ["plan_lease"]
        if self._campaigns.move(
            campaign_id, [before], after, values, cleared=cleared, actor=SYSTEM, action=after, only=only
        ):
            log.info("planned", campaign=campaign_id, audience=audience)

    def _fail(self, campaign_id: str, reason: str) -> None:
        log.warning("failed", campaign=campaign_id, error=reason)
        self._forget(campaign_id)
        now = self._clock()
        values: CampaignFields = {"failure": reason, "finished_at": now, "close_until": now + CLOSING}
        before, after = CampaignState.PREPARING, CampaignState.FAILED
        self._campaigns.advance(campaign_id, before, after, values)


def _from_turn(campaign_ids: list[str], turn: str) -> list[str]:
    """In order, those after the one that was last first."""
    return [each for each in campaign_ids if each > turn] + [each for each in campaign_ids if each <= turn]
