"""Files that were exported, kept in MongoDB in pieces, so that every app and worker has them, and for a day only."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from bson import ObjectId

from crm_core.errors import NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated

KEPT = timedelta(days=1)
"""After its last piece was written, a file is removed."""


class ExportParts:
    """Each call raises Unavailable while the database is away."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self._parts = db.export_parts
        self._clock = clock

    def put(self, export_id: str, data: bytes) -> ObjectId:
        """Keep a piece. One that no job notes as its own expires."""
        part_id = ObjectId()
        row = {"_id": part_id, "export_id": export_id, "data": data, "expires_at": self._clock() + KEPT}
        with translated():
            self._parts.insert_one(row)
        return part_id

    def settle(self, part_ids: Sequence[ObjectId]) -> datetime:
        """The file is whole. Return how long these pieces of it are kept; others, of a worker that was stopped, expire
        by themselves."""
        until = self._clock() + KEPT
        with translated():
            self._parts.update_many({"_id": {"$in": list(part_ids)}}, {"$set": {"expires_at": until}})
        return until

    def read(self, part_ids: Sequence[ObjectId]) -> Iterator[bytes]:
        """One after the other, never two in memory. Raises NotFound when one is gone."""
        for part_id in part_ids:
            with translated():
                row = self._parts.find_one({"_id": part_id}, {"data": 1})
            if row is None:
                raise NotFound("The file is not kept any more.")
            yield row["data"]

    def remove(self, export_id: str) -> None:
        with translated():
            self._parts.delete_many({"export_id": export_id})
