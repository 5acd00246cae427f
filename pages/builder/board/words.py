"""The nodes of the board in words: what each is about, and what it says of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput
from crm_core.rules.binding import bind
from crm_core.rules.bound import BoundComparison, BoundField, BoundReach, BoundRecords, type_of_measure
from crm_core.rules.context import BUILT_IN, NO_CAMPAIGNS, KnownCampaigns, RuleContext
from crm_core.rules.fields import ATTRIBUTE_PREFIX, Catalogue, CustomerField, FieldType
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import Operator, Takes, operators_for, operators_for_figures, operators_for_properties
from crm_core.rules.reach_words import reach_label
from crm_core.rules.wording import describe
from crm_core.rules.wording_records import MEASURES, MESSAGES
from crm_core.rules.wording_values import Money
from pages.builder.board.drafts import is_filled, is_reversed, takes, to_node
from pages.builder.board.tree import Condition, Draft, Group, GroupKind, Node

ORDERS_LABEL: Final = "Orders (with filters)"
PICKED_LABEL: Final = "Customers picked by hand"
OPEN: Final = "choose a value below"
FIXED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"all": ("Everyone", "all customers"), "none": ("Everyone", "all customers"), "any": ("Nobody", "no customer")}
)
GROUP_NAMES: Final[Mapping[GroupKind, str]] = MappingProxyType({"all": "ALL of", "any": "ANY of", "none": "NONE of"})
MEANINGS: Final[Mapping[GroupKind, str]] = MappingProxyType(
    {
        "all": "A customer matches when every rule in this group is true.",
        "any": "A customer matches when at least one rule in this group is true.",
        "none": "A customer matches when not a single rule in this group is true.",
    }
)


@dataclass(frozen=True)
class Words:
    """segments: id to name. These and the campaigns: those that are known."""

    money: Money
    catalogue: Catalogue = BUILT_IN
    segments: Mapping[str, str] = field(default_factory=dict)
    campaigns: KnownCampaigns = NO_CAMPAIGNS

    def field_of(self, draft: Draft) -> CustomerField | None:
        """None for other kinds, and for a field that there is not, or not any more."""
        return next((each for each in self.catalogue.fields if each.name == draft.get("field")), None)

    def type_of(self, draft: Draft) -> FieldType | None:
        """Of the value that a condition compares with."""
        match draft["kind"]:
            case "field":
                found = self.field_of(draft)
                return found.type if found else None
            case "orders":
                return type_of_measure(str(draft.get("measure", "count")))
            case _:
                return FieldType.NUMBER

    def operators(self, draft: Draft) -> list[Operator]:
        """Those on offer."""
        kind = self.type_of(draft)
        if draft["kind"] == "field":
            return operators_for(kind) if kind else []
        return operators_for_properties(kind) if kind is FieldType.DATE else operators_for_figures()

    def comparable(self, draft: Draft) -> list[CustomerField]:
        """The fields that this one can be compared with by its operator."""
        found, operator = self.field_of(draft), self.operator(draft)
        if not found or not operator or not operator.relation or found.choices:
            return []
        return [each for each in self.catalogue.fields if each.type is found.type and each.name != found.name]

    def operator(self, draft: Draft) -> Operator | None:
        return next((each for each in self.operators(draft) if each.key == draft.get("op")), None)

    def name(self, node: Node) -> str:
        """What a node is about, for lists: "Total spend", "ANY of 3 rules"."""
        if isinstance(node, Group):
            count = len(node.children)
            return f"{GROUP_NAMES[node.kind]} {count_of(count, 'rule') if count else 'nothing yet'}"
        return self.label(node.draft)

    def label(self, draft: Draft) -> str:
        """What a condition is about, without its filters."""
        match draft["kind"]:
            case "field":
                found = self.field_of(draft)
                return found.label if found else str(draft["field"]).removeprefix(ATTRIBUTE_PREFIX)
            case "orders":
                measure = draft.get("measure", "count")
                return ORDERS_LABEL if measure == "count" else MEASURES[measure][0]
            case "events":
                return event_label(str(draft.get("type") or ""))
            case "messages":
                return MESSAGES[str(draft["state"])][0]
            case "reach" | "suppressed" as kind:
                return reach_label(kind, CHANNELS.label(str(draft["channel"])))
            case "segment":
                return "Segment"
            case "list":
                return PICKED_LABEL
            case fixed:
                return FIXED[fixed][0]

    def chip(self, condition: Condition) -> tuple[str, str]:
        """First and second line of its chip."""
        draft = condition.draft
        match draft["kind"]:
            case "segment":
                return "Segment", self._segment(draft)
            case "list":
                count = len(draft.get("customer_ids") or ())
                return PICKED_LABEL, count_of(count, "customer") if count else "choose some below"
            case "field" | "orders" | "events" | "messages" | "reach" | "suppressed":
                return self._described(draft)
            case fixed:
                return FIXED[fixed]

    def _segment(self, draft: Draft) -> str:
        segment_id = draft.get("segment_id")
        if not segment_id:
            return "choose one below"
        name = self.segments.get(str(segment_id))
        return f"customers of “{name}”" if name else "customers of a segment"

    def _described(self, draft: Draft) -> tuple[str, str]:
        if is_filled(draft):
            try:
                context = RuleContext(_ANY_TIME, 2, str, self.catalogue, campaigns=self.campaigns)
                bound = bind(load_rule(to_node(draft)), context)
            except InvalidInput:
                return self.label(draft), "this value is not valid"
            assert isinstance(bound, BoundField | BoundComparison | BoundRecords | BoundReach)
            return describe(bound, self.money)
        operator = self.operator(draft)
        words = operator.label if operator else str(draft.get("op", ""))
        if is_reversed(draft.get("value")) and takes(draft["op"]) is Takes.RANGE:
            return self.label(draft), f"{words} … the first value is above the second"
        return self.label(draft), f"{words} … {OPEN}"


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Enough to put a condition into words, which are the same at any moment and in any currency."""


def count_of(count: int, noun: str) -> str:
    """ "1 rule", "1,000 rules"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def event_label(event_type: str) -> str:
    return f"Event {event_type.replace('_', ' ')}" if event_type else "Event"
