"""Transactions that do not outlive their worker.

A transaction whose client was killed stays open, and its writes block others, until MongoDB ends it by itself: 90 s
were measured. So a worker notes the session that it uses, and when it starts again ends the one that it left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import redis
from bson.binary import UUID_SUBTYPE, Binary
from pymongo.client_session import ClientSession
from redis.exceptions import OutOfMemoryError

from crm_core.infra.mongo import Db, translated
from crm_core.infra.streams import redis_translated


class TransactionSessions:
    """Of one process. They are noted once it has said whose they are."""

    def __init__(self, db: Db, client: redis.Redis) -> None:
        self._mongo = db.client
        self._redis = client
        self._key: str | None = None
        self._noted: bytes | None = None

    def own(self, worker: str) -> None:
        """worker: its name, the same after a restart."""
        self._key = f"session:{worker}"

    @contextmanager
    def open(self) -> Iterator[ClientSession]:
        """A session for transactions, one after another. Raises Unavailable."""
        with translated(), self._mongo.start_session() as session:
            if self._key:
                self._note(self._key, bytes(session.session_id["id"]))
            yield session

    def _note(self, key: str, session_id: bytes) -> None:
        if session_id == self._noted:
            return
        with redis_translated():
            left = cast("Any", self._redis.get(key))
            if left and self._noted is None:
                self._mongo.admin.command({"killSessions": [{"id": Binary(left, UUID_SUBTYPE)}]})
            try:
                self._redis.set(key, session_id)
            except OutOfMemoryError:  # noted later: what the session is for makes room
                return
        self._noted = session_id
