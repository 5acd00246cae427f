"""What was done to one campaign, by whom and when: for everybody who may see its figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.audit import is_change
from crm_core.access.audit_reading import NEWEST
from crm_core.access.permissions import Permission
from crm_core.infra.mongo import Db, Doc, translated

MAX_SHOWN: Final = 200


@dataclass(frozen=True)
class Step:
    """by: a name for people. kind: of who it was. fields: those of the definition that edits changed. edits: how many
    there were from begun_at on; None of an entry that gathers none."""

    at: datetime
    by: str
    kind: ActorKind
    action: str
    fields: tuple[str, ...] = ()
    edits: int | None = None
    begun_at: datetime | None = None


class CampaignHistory:
    def __init__(self, db: Db) -> None:
        self._audit = db.audit

    def of(self, campaign_id: str, *, actor: Actor) -> list[Step]:
        """The newest first, 200 at most: the entries of the audit log without where anybody was. Raises Unavailable."""
        actor.require(Permission.READ_FIGURES)
        match: Doc = {"$match": {"target": campaign_id, "action": {"$regex": r"^campaign\."}}}
        part: list[Doc] = [match, {"$sort": NEWEST}, {"$limit": MAX_SHOWN}]
        both = [*part, {"$unionWith": {"coll": "audit_counts", "pipeline": part}}, *part[1:]]
        with translated():
            return [_to_step(row) for row in self._audit.aggregate(both)]


def _to_step(row: Doc) -> Step:
    is_edit = row["action"] == "campaign.update"
    fields = tuple(name for name, value in (row.get("details") or {}).items() if is_edit and is_change(value))
    kind = ActorKind(row.get("actor_kind", ActorKind.USER))
    return Step(row["at"], row["actor"], kind, row["action"], fields, row.get("count"), row.get("begun_at"))
