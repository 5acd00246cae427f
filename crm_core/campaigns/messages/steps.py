"""How far a campaign's message got with customers, as rules find them: to write to them again, for instance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.rules.loading import load_rule
from crm_core.rules.tree import AnyRule
from crm_core.schema.message_states import REACHED, MessageState

M = MessageState


@dataclass(frozen=True)
class Step:
    """Customers whose message reached one state and none of ``missing``."""

    label: str
    reached: MessageState
    missing: tuple[MessageState, ...] = ()

    def count(self, by_state: Mapping[MessageState, int]) -> int:
        """Of messages by their present state; a customer has one of each campaign."""
        found = _at_least(self.reached).difference(*map(_at_least, self.missing))
        return sum(by_state[state] for state in found)

    def rule(self, campaign_id: str) -> AnyRule:
        """The rule that finds as many customers."""
        got = _messages(campaign_id, self.reached, "gte", 1)
        return load_rule({"kind": "all", "rules": [got, *(_messages(campaign_id, m, "eq", 0) for m in self.missing)]})


def _at_least(state: MessageState) -> set[MessageState]:
    return set(REACHED.get(state, (state,)))


def _messages(campaign_id: str, state: MessageState, op: str, value: int) -> Mapping[str, Any]:
    return {"kind": "messages", "state": state.value, "op": op, "value": value, "campaign_id": campaign_id}


NOT_FURTHER = (
    Step("Delivered, not opened", M.DELIVERED, (M.OPENED,)),
    Step("Opened, not clicked", M.OPENED, (M.CLICKED,)),
)
"""Whom a campaign is most often followed up with."""
OTHERS = (
    Step("Sent", M.SENT),
    Step("Sent, no receipt", M.SENT, (M.DELIVERED, M.FAILED)),
    Step("Delivered", M.DELIVERED),
    Step("Opened", M.OPENED),
    Step("Clicked", M.CLICKED),
    Step("Failed", M.FAILED),
    Step("Skipped", M.SKIPPED),
)
"""No rule finds who is held out, or who is still to be sent it."""
