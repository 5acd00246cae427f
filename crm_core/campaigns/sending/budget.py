"""The error budget: what became of a campaign's last messages at the vendor, kept in Valkey for all workers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from crm_core.infra.streams import redis_translated

WINDOW = 1000
CALL_EVERY_S = 10
KEPT_S = 7 * 24 * 3600
MAX_FAULTS = 10
FAULT_KEPT_S = 600
"""So long a fault of our own is remembered after the last one: an entry is tried for about 75 s."""
# A text of the last outcomes, "1" for a bad one. A failed call counts at most once in ARGV[4] seconds: during an outage
# every worker tries again and again, which says nothing about the campaign.
_NOTE = """
if ARGV[4] ~= '0' and not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[4]) then return {0, 0} end
local known = ((redis.call('GET', KEYS[1]) or '') .. ARGV[1]):sub(-tonumber(ARGV[2]))
redis.call('SET', KEYS[1], known, 'EX', ARGV[3])
local _, bad = known:gsub('1', '')
return {bad, #known}
"""


@dataclass(frozen=True)
class Outcomes:
    """The last ones of a campaign, at most 1,000. bad: messages that the vendor refused, and calls that failed."""

    bad: int
    known: int


class ErrorBudget:
    """share: asked each time, of the last 1,000 outcomes that may be bad."""

    def __init__(self, client: redis.Redis, *, share: Callable[[], float]) -> None:
        self._client = client
        self._share = share
        self._note: Any = client.register_script(_NOTE)

    def note(self, campaign_id: str, refused: Sequence[bool]) -> Outcomes:
        """Count answered messages, in order; refused: for each whether it was."""
        return self._add(campaign_id, "".join("1" if each else "0" for each in refused), every_s=0)

    def note_failed_call(self, campaign_id: str) -> Outcomes:
        return self._add(campaign_id, "1", every_s=CALL_EVERY_S)

    def note_fault(self, campaign_id: str) -> bool:
        """Count an unexpected fault; returns whether there were so many that the campaign should not go on."""
        key = f"{_key(campaign_id)}:fault"
        with redis_translated():
            pipe = self._client.pipeline(transaction=True)
            pipe.incr(key)
            pipe.expire(key, FAULT_KEPT_S)
            return bool(pipe.execute()[0] >= MAX_FAULTS)

    def is_spent(self, outcomes: Outcomes) -> bool:
        """More than the share of those known, and no fewer than would be that of 1,000: a few prove nothing."""
        share = self._share()
        return outcomes.bad >= max(1, share * WINDOW) and outcomes.bad > share * outcomes.known

    def clear(self, campaign_id: str) -> None:
        with redis_translated():
            self._client.delete(_key(campaign_id), f"{_key(campaign_id)}:fault")

    def _add(self, campaign_id: str, outcomes: str, *, every_s: int) -> Outcomes:
        keys = [_key(campaign_id), f"{_key(campaign_id)}:call"]
        with redis_translated():
            bad, known = cast("list[int]", self._note(keys=keys, args=[outcomes, WINDOW, KEPT_S, every_s]))
        return Outcomes(bad, known)


def _key(campaign_id: str) -> str:
    """In braces, so that a cluster keeps all keys of a campaign together."""
    return f"budget:{{{campaign_id}}}"
