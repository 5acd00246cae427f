"""Secret keys that ClientNest makes once and keeps in its database, the same for every process."""

import secrets

from crm_core.infra.mongo import Db, translated


class KeptKey:
    """key_id: of its document in ``workspace``."""

    def __init__(self, db: Db, key_id: str) -> None:
        self._documents = db.workspace
        self._id = key_id
        self._key: bytes | None = None

    def get(self) -> bytes:
        """32 random bytes. Raises Unavailable before they were read."""
        if self._key is None:
            self._key = self._read()
        return self._key

    def _read(self) -> bytes:
        made = {"key": secrets.token_hex(32)}
        with translated():
            row = self._documents.find_one_and_update(
                {"_id": self._id}, {"$setOnInsert": made}, upsert=True, return_document=True
            )
        assert row
        return bytes.fromhex(row["key"])
