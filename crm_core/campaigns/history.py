"""What was done to one campaign, by whom and when: for everybody who may see its figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pymongo import DESCENDING

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.permissions import Permission
from crm_core.infra.mongo import Db, Doc, translated

MAX_SHOWN: Final = 200


@dataclass(frozen=True)
class Step:
    """by: a name for people. kind: of who it was. fields: those of the definition that an edit changed."""

    at: datetime
    by: str
    kind: ActorKind
    action: str
    fields: tuple[str, ...] = ()


class CampaignHistory:
    def __init__(self, db: Db) -> None:
        self._audit = db.audit

    def of(self, campaign_id: str, *, actor: Actor) -> list[Step]:
        """The newest first, 200 at most: the entries of the audit log without where anybody was. Raises Unavailable."""
        actor.require(Permission.READ_FIGURES)
        query: Doc = {"target": campaign_id, "action": {"$regex": r"^campaign\."}}
        with translated():
            rows = self._audit.find(query).sort([("at", DESCENDING), ("_id", DESCENDING)]).limit(MAX_SHOWN)
            return [_to_step(row) for row in rows]


def _to_step(row: Doc) -> Step:
    is_edit = row["action"] == "campaign.update"
    fields = tuple(name for name in row.get("details") or () if name != "name") if is_edit else ()
    kind = ActorKind(row.get("actor_kind", ActorKind.USER))
    return Step(row["at"], row["actor"], kind, row["action"], fields)
