"""Marks in the database's log, by which a reader of the log knows how far it is, and that it is the same log."""

import secrets

from crm_core.infra.clock import utc_now
from crm_core.infra.mongo import Db, translated

MARKS = "snapshot_marks"


class Marks:
    def __init__(self, db: Db) -> None:
        self._rows = db[MARKS]

    def set(self) -> str:
        """Behind all that was stored before, and stored itself when this returns. Those of before have been read, and
        go. Raises Unavailable, and OperationFailure for a user who may not."""
        name = secrets.token_hex(8)
        with translated():
            self._rows.delete_many({})
            self._rows.insert_one({"_id": name, "at": utc_now()})
        return name
