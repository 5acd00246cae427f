"""A channel's rate on a virtual clock: Valkey runs the law of ``rate`` for it, and keeps nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from crm_core.campaigns.sending.delivery import FRESH
from crm_core.campaigns.sending.rate import LAW, spacing_us
from crm_core.campaigns.sending.vendor import MAX_BATCH
from crm_core.infra.streams import redis_translated

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# What a delivery worker does for a batch: takes, waits as long as it is told, and takes again until all have gone, or
# what is left is to be decided anew.
_SPEND = f"""{LAW}
local gap, room, left = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, due, most, last = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local answer = {{}}
while left > 0 and now < last do
  local fits, wait
  fits, due, wait = grant(due, now, gap, room, math.min(left, most))
  if fits > 0 then
    table.insert(answer, fits)
    table.insert(answer, now)
    left = left - fits
  end
  if left > 0 then now = now + math.max(1, wait) end
end
table.insert(answer, now)
table.insert(answer, string.format('%.0f', due))
return answer
"""


class Pacing:
    """rate: messages a second; None for a channel without a limit. One for each rehearsal."""

    def __init__(self, client: redis.Redis, rate: float | None) -> None:
        self._spacing = spacing_us(rate) if rate else None
        self._spend: Any = client.register_script(_SPEND)
        self._due_us = 0

    def spend(self, count: int, now: datetime) -> tuple[list[tuple[int, datetime]], datetime]:
        """When ``count`` messages that are ready at ``now`` go out, one batch after the other, and when the last has
        gone, or those that are left are to be decided anew. Raises Unavailable."""
        if self._spacing is None or not count:
            return [(count, now)] if count else [], now
        now_us, last_us = ((moment - _EPOCH) // _MICROSECOND for moment in (now, now + FRESH))
        with redis_translated():
            answer = self._spend(args=[*self._spacing, count, now_us, self._due_us, MAX_BATCH, last_us])
        self._due_us = int(answer.pop())
        end = _to_time(answer.pop())
        return [(batch, _to_time(at_us)) for batch, at_us in zip(answer[::2], answer[1::2], strict=True)], end


def _to_time(us: int) -> datetime:
    return _EPOCH + us * _MICROSECOND
