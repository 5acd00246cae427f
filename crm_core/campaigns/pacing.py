"""A channel's rate on a virtual clock: Valkey runs the law of ``rate`` for it, and keeps nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from crm_core.campaigns.rate import LAW, spacing_us
from crm_core.campaigns.vendor import MAX_BATCH
from crm_core.infra.streams import redis_translated

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# What a delivery worker does for a stretch: takes, waits as long as it is told, and takes again until all have gone.
_SPEND = f"""{LAW}
local gap, room, left = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now, due, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local answer = {{}}
while left > 0 do
  local fits, wait
  fits, due, wait = grant(due, now, gap, room, math.min(left, most))
  if fits > 0 then
    table.insert(answer, fits)
    table.insert(answer, now)
    left = left - fits
  end
  if left > 0 then now = now + math.max(1, wait) end
end
table.insert(answer, string.format('%.0f', due))
return answer
"""


class Pacing:
    """rate: messages a second; None for a channel without a limit. One for each rehearsal."""

    def __init__(self, client: redis.Redis, rate: float | None) -> None:
        self._spacing = spacing_us(rate) if rate else None
        self._spend: Any = client.register_script(_SPEND)
        self._due_us = 0

    def spend(self, count: int, now: datetime) -> list[tuple[int, datetime]]:
        """When ``count`` messages that are ready at ``now`` go out, one batch after the other. Raises Unavailable."""
        if self._spacing is None or not count:
            return [(count, now)] if count else []
        now_us = (now - _EPOCH) // _MICROSECOND
        with redis_translated():
            answer = self._spend(args=[*self._spacing, count, now_us, self._due_us, MAX_BATCH])
        self._due_us = int(answer.pop())
        return [(batch, _EPOCH + at_us * _MICROSECOND) for batch, at_us in zip(answer[::2], answer[1::2], strict=True)]
