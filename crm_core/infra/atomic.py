"""Changes that are kept whole or not at all, such as one with its audit entry."""

from collections.abc import Callable
from typing import TypeVar

import pymongo
from pymongo.client_session import ClientSession

from crm_core.infra.mongo import Db, translated

TIME_LIMIT_S = 15.0

Result = TypeVar("Result")
Change = Callable[[ClientSession], Result]
"""Passes the session to every query, and may be called again: after a write conflict the driver repeats it."""


def in_transaction(db: Db, change: Change[Result]) -> Result:
    """Run ``change``; what it raises undoes it. Raises Unavailable, at the latest after 15 s."""
    with translated(), pymongo.timeout(TIME_LIMIT_S), db.client.start_session() as session:
        return session.with_transaction(change)


def exclusively(db: Db, lock: str, change: Change[Result]) -> Result:
    """The same, overlapping no other change under this lock: what it checks is still true when it is done."""

    def run(session: ClientSession) -> Result:
        db.workspace.update_one({"_id": lock}, {"$inc": {"changes": 1}}, session=session)
        return change(session)

    with translated():
        db.workspace.update_one({"_id": lock}, {"$setOnInsert": {"changes": 0}}, upsert=True)
    return in_transaction(db, run)
