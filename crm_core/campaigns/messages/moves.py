"""Which campaigns have rows that moved, so that their figures are counted again."""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from cachetools import LRUCache
from pymongo.client_session import ClientSession

from crm_core.campaigns.model import campaigns_in
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated

AHEAD: Final = timedelta(seconds=1)
"""A note stands for what is written until then: one a second for a campaign, however many rows move."""
KEPT: Final = 10_000


class Moves:
    """Noted after the rows are written; whoever dies in between is given the same work again."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._campaigns = campaigns_in(db)
        self._clock = clock
        self._noted = LRUCache[str, datetime](KEPT)
        self._lock = threading.Lock()

    def note(self, campaign_ids: Iterable[str]) -> None:
        """A count that began after the moment that is noted knows of all these rows. Raises Unavailable."""
        now = self._clock()
        with self._lock:
            due = [each for each in {*campaign_ids} if self._noted.get(each, now) <= now]
        if not due:
            return
        until = now + AHEAD
        with translated():
            self._campaigns.update_many({"_id": {"$in": due}}, {"$max": {"counts_due": until, "details_due": until}})
        with self._lock:
            self._noted.update(dict.fromkeys(due, until))

    def note_unsubscribed(self, campaign_id: str, session: ClientSession) -> None:
        """In the transaction that marks the row; the details do not tell of it."""
        self._campaigns.update_one(
            {"_id": campaign_id}, {"$max": {"counts_due": self._clock() + AHEAD}}, session=session
        )
