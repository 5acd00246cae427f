"""Keyed hashes that stand for customers in the audit log, so that it says nothing of one who was erased."""

import hashlib
import hmac

from crm_core.access.kept_keys import KeptKey
from crm_core.infra.mongo import Db

KEY_ID = "audit_key"
LENGTH = 16


class Pseudonyms:
    def __init__(self, db: Db) -> None:
        self._key = KeptKey(db, KEY_ID)

    def of(self, value: str) -> str:
        """The same for the same customer id or address, always. Raises Unavailable before the key was read."""
        digest = hmac.new(self._key.get(), value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
        return f"hash:{digest[:LENGTH]}"
