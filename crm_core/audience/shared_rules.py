"""Rules behind links: what is built but not saved. A link carries an id, never the rule, which can hold addresses."""

import hashlib
import json
import secrets
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.errors import NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, translated
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import AnyRule

KEPT = timedelta(days=90)
ID_BYTES = 16


class SharedRules:
    def __init__(self, db: Db, audit: AuditLog, clock: Clock) -> None:
        self._rules = db.shared_rules
        self._audit = audit
        self._clock = clock

    def share(self, rule: AnyRule, *, actor: Actor) -> str:
        """The id of a link to ``rule``, good for 90 days from now; the same rule has the same id."""
        actor.require(Permission.WRITE_SEGMENTS)
        new_id, now, kept = secrets.token_urlsafe(ID_BYTES), self._clock(), dump_rule(rule)
        made = {"_id": new_id, "rule": kept, "created_at": now, "created_by": actor.label}

        def upsert(session: ClientSession) -> str:
            row = self._rules.find_one_and_update(
                {"hash": _hash(kept)},
                {
                    "$set": {"expires_at": now + KEPT},
                    "$currentDate": {"touched_at": True},  # by the clock of the server, which removes it by this
                    "$setOnInsert": made,
                },
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            assert row  # made if it was not there
            shared_id: str = row["_id"]
            if shared_id == new_id:
                self._audit.record(actor, "rule.share", shared_id, session=session)
            return shared_id

        return self._audit.together(upsert)

    def get(self, shared_id: str) -> AnyRule:
        """Raises NotFound."""
        with translated():
            row = self._rules.find_one({"_id": shared_id, "expires_at": {"$gt": self._clock()}})
        if row is None:
            raise NotFound("The link to this rule is incomplete or has expired.")
        return load_rule(row["rule"])


def _hash(kept: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
