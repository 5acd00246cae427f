"""Keyed hashes that stand for customers in the audit log, so that it says nothing of one who was erased."""

import hashlib
import hmac
import secrets

from crm_core.infra.mongo import Db, translated

KEY_ID = "audit_key"
"""Of the document in ``workspace`` with the key: made once, the same for every process."""
LENGTH = 16


class Pseudonyms:
    def __init__(self, db: Db) -> None:
        self._documents = db.workspace
        self._key: bytes | None = None

    def of(self, value: str) -> str:
        """The same for the same customer id or address, always. Raises Unavailable before the key was read."""
        if self._key is None:
            self._key = self._read_key()
        digest = hmac.new(self._key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        return f"hash:{digest[:LENGTH]}"

    def _read_key(self) -> bytes:
        made = {"key": secrets.token_hex(32)}
        with translated():
            row = self._documents.find_one_and_update(
                {"_id": KEY_ID}, {"$setOnInsert": made}, upsert=True, return_document=True
            )
        assert row
        return bytes.fromhex(row["key"])
