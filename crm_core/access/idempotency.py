"""Idempotency keys: a request that is repeated gives what the first one made."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from bson import ObjectId

from crm_core.errors import InvalidInput
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Repeatable:
    """A request that may come again. owner: the id of its API key: nobody meets the keys of others.

    body: what it asks for, in a form that is the same for every way to write it.
    """

    owner: str
    key: str
    body: str

    @property
    def id(self) -> str:
        return f"{self.owner}:{self.key}"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()


class IdempotencyKeys:
    """Holds for each key the id of what is to be made, for 24 hours."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._keys = db.idempotency_keys
        self._clock = clock

    def made(self, request: Repeatable) -> str | None:
        """What an earlier request with this key was to make. Raises InvalidInput when that one had another body."""
        with translated():
            row = self._keys.find_one({"_id": request.id, "at": {"$gt": self._clock() - KEPT}})
        return _target(row, request) if row else None

    def reserve(self, request: Repeatable) -> str:
        """The id of what this request makes: a new one, or that of another request which comes at the same moment.

        Raises InvalidInput as ``made`` does.
        """
        now = self._clock()
        row = {"at": now, "digest": request.digest, "target": str(ObjectId())}
        with translated():
            self._keys.delete_one({"_id": request.id, "at": {"$lte": now - KEPT}})
            kept = self._keys.find_one_and_update(
                {"_id": request.id}, {"$setOnInsert": row}, upsert=True, return_document=True
            )
        assert kept is not None
        return _target(kept, request)


def _target(row: Doc, request: Repeatable) -> str:
    if row["digest"] != request.digest:
        raise InvalidInput(
            f"The Idempotency-Key {request.key!r} was used with another body in the last 24 hours; take a new one.",
            field="Idempotency-Key",
        )
    return str(row["target"])
