"""What can be added to the board: fields, figures over orders, events and messages, who is reached, segments, picked
customers, groups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from crm_core.channels.registry import CHANNELS
from crm_core.rules.bound import type_of_measure
from crm_core.rules.fields import Catalogue, CustomerField, FieldType
from crm_core.rules.operators import operators_for
from crm_core.rules.reach_words import reach_label
from crm_core.rules.wording_records import MEASURES, MESSAGES
from pages.builder.board.tree import KINDS, Condition, Draft, Group, GroupKind, Node
from pages.builder.board.words import GROUP_NAMES, ORDERS_LABEL, PICKED_LABEL, event_label

ALL: Final = "All"
GROUPS: Final = (
    ALL,
    "Orders",
    "Behaviour",
    "Profile",
    "Consent",
    "Predictions",
    "Attributes",
    "Events",
    "Messages",
    "Segments",
    "Groups",
)
ANY_EVENT: Final = "Event (choose its type)"
MAX_SHOWN: Final = 60
"""Chips in the palette at once; the search finds the rest."""


@dataclass(frozen=True)
class Entry:
    """node: what is added, with an id that means nothing. group: one of GROUPS."""

    label: str
    group: str
    node: Node


def palette_entries(catalogue: Catalogue, event_types: Iterable[str], segments: Mapping[str, str]) -> list[Entry]:
    """All that there is, each label once. segments: id to name."""
    entries = [
        *(entry for found in catalogue.fields for entry in (field_entry(found), *_idle_entries(found))),
        *(_orders_entry(measure) for measure in MEASURES),
        *(_event_entry(each) for each in (*event_types, "")),
        *(_messages_entry(state) for state in MESSAGES),
        *(_reach_entry(kind, channel) for kind in ("reach", "suppressed") for channel in CHANNELS),
        *(_group_entry(kind) for kind in KINDS),
        Entry(PICKED_LABEL, "Segments", Condition(0, {"kind": "list"})),
        *(_segment_entry(segment_id, name) for segment_id, name in segments.items()),
    ]
    by_label: dict[str, Entry] = {}
    for entry in sorted(entries, key=lambda each: GROUPS.index(each.group)):
        by_label.setdefault(entry.label, entry)
    return list(by_label.values())


def find_entries(entries: Iterable[Entry], text: str, group: str) -> list[Entry]:
    """Those of a group that have every word of ``text`` in their label."""
    words = text.casefold().split()
    return [
        entry
        for entry in entries
        if group in {ALL, entry.group} and all(word in entry.label.casefold() for word in words)
    ]


def field_entry(found: CustomerField) -> Entry:
    draft = {"kind": "field", "field": found.name, "op": operators_for(found.type)[0].key}
    return Entry(found.label, found.group, Condition(0, draft))


def never(found: CustomerField) -> Condition:
    """Those who have no such date because they have never done it."""
    return Condition(0, {"kind": "field", "field": found.name, "op": "is_not_set"})


def _idle_entries(found: CustomerField) -> list[Entry]:
    if not found.idle:
        return []
    inactive = Condition(0, {"kind": "field", "field": found.name, "op": "more_than_days_ago"})
    return [
        Entry(f"{found.idle.word.capitalize()} for N days", found.group, inactive),
        Entry(f"Never {found.idle.never}", found.group, never(found)),
    ]


def _orders_entry(measure: str) -> Entry:
    label = ORDERS_LABEL if measure == "count" else MEASURES[measure][0]
    return Entry(label, "Orders", Condition(0, orders_draft(measure)))


def orders_draft(measure: str) -> Draft:
    """A condition on that figure over orders, with its first operator."""
    op = operators_for(FieldType.DATE)[0].key if type_of_measure(measure) is FieldType.DATE else "gte"
    return {"kind": "orders", "measure": measure, "op": op}


def _event_entry(event_type: str) -> Entry:
    draft = {"kind": "events", "type": event_type, "op": "gte"}
    return Entry(event_label(event_type) if event_type else ANY_EVENT, "Events", Condition(0, draft))


def _messages_entry(state: str) -> Entry:
    return Entry(MESSAGES[state][0], "Messages", Condition(0, {"kind": "messages", "state": state, "op": "gte"}))


def _reach_entry(kind: str, channel: str) -> Entry:
    label = reach_label(kind, CHANNELS.label(channel))
    return Entry(label, "Consent", Condition(0, {"kind": kind, "channel": channel}))


def _segment_entry(segment_id: str, name: str) -> Entry:
    return Entry(f"Segment “{name}”", "Segments", Condition(0, {"kind": "segment", "segment_id": segment_id}))


def _group_entry(kind: GroupKind) -> Entry:
    return Entry(f"Group: {GROUP_NAMES[kind]} these", "Groups", Group(0, kind))
