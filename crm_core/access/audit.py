"""The audit log: who changed what, when. Every function that changes something writes here."""

from typing import Any

from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated


class AuditLog:
    def __init__(self, db: Db, clock: Clock) -> None:
        self._audit = db.audit
        self._clock = clock

    def record(self, actor: str, action: str, target: str, **details: Any) -> None:
        """actor: who, such as ``key:shop``. action: such as ``campaign.launch``. details: ids and counts only."""
        entry: Doc = {"at": self._clock(), "actor": actor, "action": action, "target": target}
        with translated():
            self._audit.insert_one(entry | ({"details": details} if details else {}))
