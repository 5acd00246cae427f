"""How far somebody has come with a first campaign. Each step is read from what is stored, so it stays true after a
reload, and when a segment or a draft is gone again."""

from dataclasses import dataclass
from typing import Final

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.audience.model import Segment, segments_in
from crm_core.campaigns.drafting.definition import FIRST_MESSAGE
from crm_core.campaigns.figures import Figures
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import HEAVY, Campaign, campaigns_in
from crm_core.campaigns.states import CampaignState
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.schema.message_states import REACHED, MessageState

State = CampaignState
_GOT_IT: Final = [{f"counts.by_state.{state}": {"$gt": 0}} for state in REACHED[MessageState.DELIVERED]]
_UNDER_WAY: Final = (State.SCHEDULED, State.PREPARING, State.SENDING, State.PAUSED, State.COMPLETED)
_LIGHT: Final = dict.fromkeys((*HEAVY, "details", "audit_due"), 0)


@dataclass(frozen=True)
class FirstSteps:
    """customers: of the workspace. The rest is the person's own, the newest of each. draft: one that has an audience.

    sent: the first of which somebody got a message, once it is handled; until there is one, the newest that was
    launched or scheduled and neither cancelled nor failed. stats: of its messages.
    """

    customers: int
    segment: Segment | None = None
    draft: Campaign | None = None
    sent: Campaign | None = None
    stats: Stats | None = None

    @property
    def has_audience(self) -> bool:
        return bool(self.segment or self.draft or self.sent)

    @property
    def has_message(self) -> bool:
        """Whether somebody has put a text of their own into the draft, or has sent one."""
        return self.sent is not None or (self.draft is not None and _is_written(self.draft))

    @property
    def delivered(self) -> int:
        """How many got the message, so far."""
        return self.stats.reached(MessageState.DELIVERED) if self.stats else 0

    @property
    def is_delivered(self) -> bool:
        """Whether every message is handled, and somebody got one."""
        return self.sent is not None and self.sent["state"] == State.COMPLETED and self.delivered > 0

    @property
    def is_under_way(self) -> bool:
        """Whether what was launched may still come to its end by itself."""
        return self.sent is not None and not self.is_delivered

    @property
    def done(self) -> tuple[bool, bool, bool, bool]:
        """Of the four steps: customers, audience, message, delivery."""
        return self.customers > 0, self.has_audience, self.has_message, self.is_delivered


class FirstStepsReader:
    """People are told apart by the names under which segments and campaigns know them. Raises Unavailable."""

    def __init__(self, db: Db, figures: Figures) -> None:
        self._db = db
        self._segments = segments_in(db)
        self._campaigns = campaigns_in(db)
        self._figures = figures

    def read(self, *, actor: Actor) -> FirstSteps:
        actor.require(Permission.READ_FIGURES)
        mine: Doc = {"created_by": actor.label}
        with translated():
            customers = self._db.customers.estimated_document_count()
            segment = self._segments.find_one(mine, {"rule": 0}, sort=[("updated_at", -1), ("_id", -1)])
            draft = self._newest({**mine, "state": State.DRAFT, "archived_at": None, "rule": {"$ne": None}})
            sent = self._first_delivered(mine) or self._newest({**mine, "state": {"$in": _UNDER_WAY}})
        stats = self._figures.stats(sent, actor=actor).value if sent else None
        return FirstSteps(customers, segment, draft, sent, stats)

    def _newest(self, query: Doc) -> Campaign | None:
        return self._campaigns.find_one(query, _LIGHT, sort=[("created_at", -1), ("_id", -1)])

    def _first_delivered(self, mine: Doc) -> Campaign | None:
        query = {**mine, "state": State.COMPLETED, "$or": _GOT_IT}
        return self._campaigns.find_one(query, _LIGHT, sort=[("launched_at", 1), ("_id", 1)])


def _is_written(draft: Campaign) -> bool:
    texts = [draft["message"], *(variant["message"] for variant in draft.get("variants") or ())]
    return any(text and text != FIRST_MESSAGE for text in texts)
