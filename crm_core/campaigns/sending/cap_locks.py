"""Short locks on (channel, customer) and (channel, address), so that two campaigns at once cannot both pass the
frequency cap."""

from collections.abc import Collection
from datetime import datetime, timedelta

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from crm_core.infra.mongo import DUPLICATE_KEY, Db, Doc, translated

HELD = timedelta(seconds=60)
"""A lock whose holder has died can be taken over after this; a send takes at most a few seconds."""
RETRY_AFTER = timedelta(seconds=3)


class CapLocks:
    def __init__(self, db: Db) -> None:
        self._locks = db.cap_locks

    def take(self, channel: str, names: Collection[str], by: str, now: datetime) -> set[str]:
        """Lock these for ``by``; returns those that are in other hands. One's own lock can be taken again."""
        if not names:
            return set()
        free: Doc = {"$or": [{"by": by}, {"until": {"$lte": now}}]}
        values = {"$set": {"by": by, "until": now + HELD}}
        ids = sorted(names)
        requests = [UpdateOne({"_id": _key(channel, each), **free}, values, upsert=True) for each in ids]
        with translated():
            try:
                self._locks.bulk_write(requests, ordered=False)
            except BulkWriteError as exc:
                errors = (exc.details or {})["writeErrors"]
                if any(error["code"] != DUPLICATE_KEY for error in errors):
                    raise
                return {ids[error["index"]] for error in errors}
        return set()

    def release(self, channel: str, names: Collection[str], by: str) -> None:
        """Only once what was sent is booked: until then the log does not count it."""
        with translated():
            self._locks.delete_many({"_id": {"$in": [_key(channel, each) for each in names]}, "by": by})


def address_lock(address_key: str) -> str:
    """The name of the lock on an address; that on a customer is the id."""
    return f"@{address_key}"


def _key(channel: str, name: str) -> str:
    return f"{channel}:{name}"
