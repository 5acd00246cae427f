"""Back-pressure: how much may wait on a stream."""

import time

from crm_core.errors import Unavailable
from crm_core.infra.group_publishing import AsyncPublisher
from crm_core.infra.streams import Stream

COUNTED_S = 0.1


class BacklogGate:
    """Refuses new records while too many wait to be stored: nothing is ever dropped to make room for them."""

    def __init__(self, publisher: AsyncPublisher, limit: int) -> None:
        self._publisher = publisher
        self._limit = limit
        self._counted: dict[Stream, tuple[float, int]] = {}

    async def check(self, stream: Stream) -> None:
        """Raises Unavailable beyond the limit, by a count that is not much older than 0.1 s."""
        at, waiting = self._counted.get(stream, (0.0, 0))
        if time.monotonic() - at > COUNTED_S:
            self._counted[stream] = time.monotonic(), waiting  # the others need not count as well
            waiting = await self._publisher.backlog(stream)
            self._counted[stream] = time.monotonic(), waiting
        if waiting >= self._limit:
            raise Unavailable(
                f"{waiting:,} {stream.label} wait to be stored; from {self._limit:,} on no more are accepted "
                "(CRM_MAX_BACKLOG). Nothing of this request was accepted: send it again later."
            )
