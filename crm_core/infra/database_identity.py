"""The identity of a database: an interrupted import is not gone on with in another one, or in an emptied one."""

from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument

from crm_core.infra.mongo import Db, translated


def read_workspace_id(db: Db) -> str:
    """An id of this database's own, made when it is first asked for."""
    with translated():
        found: Any = db.workspace.find_one_and_update(
            {"_id": "workspace"},
            {"$setOnInsert": {"id": str(ObjectId())}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
    return str(found["id"])
