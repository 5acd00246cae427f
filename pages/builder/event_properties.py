"""What of events is compared, and which properties they must have, as the text of rules says it."""

from functools import partial
from typing import Any

import streamlit as st

from crm_core.errors import BadRule, BadRuleText
from crm_core.rules.binding import bind
from crm_core.rules.bound import BoundRecords
from crm_core.rules.fields import FieldType, spoken
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import properties_text
from crm_core.rules.wording_records import MEASURED
from pages._ui.formats import literal
from pages.builder.board.reading import Reading
from pages.builder.board.tree import Condition, Draft
from pages.builder.widgets import commit, hold, key_of

MAX_NAMED = 12
COUNT = ("", "")
"""Measure and property of a condition on the number of events."""


def edit_properties(condition: Condition, reading: Reading) -> None:
    """Nothing where no event of the type has any."""
    catalogue = reading.words.catalogue
    event_type = condition.draft.get("type")
    known = {name: kind for (of_type, name), kind in catalogue.properties.items() if of_type == event_type}
    if not known:
        return
    left, right = st.columns([2, 3], gap="small")
    with left:
        _edit_measure(condition, [name for name, kind in known.items() if kind is FieldType.NUMBER])
    with right:
        key = key_of(condition.id, "properties")
        hold(key, _shown(condition.draft, reading))
        st.text_input(
            "only events with",
            key=key,
            on_change=commit,
            args=(condition.id, key, partial(_read, str(condition.draft["type"]), reading)),
            placeholder="any, or such as: " + _example(known),
        )
    names = ", ".join(sorted(name for name, kind in known.items() if kind)[:MAX_NAMED])
    st.caption(f"Properties: {literal(names)}. Several are joined by commas, and all of them are asked of one event.")


def _edit_measure(condition: Condition, numbers: list[str]) -> None:
    key, draft = key_of(condition.id, "measured"), condition.draft
    chosen = (str(draft.get("measure") or ""), str(draft.get("property") or ""))
    offered = [COUNT, *((measure, name) for name in numbers for measure in MEASURED)]
    hold(key, chosen)
    st.selectbox(
        "What of the events",
        offered if chosen in offered else [*offered, chosen],
        format_func=_measure_words,
        key=key,
        on_change=commit,
        args=(condition.id, key, _measure_of),
    )


def _measure_words(measured: tuple[str, str]) -> str:
    measure, name = measured
    return f"{MEASURED[measure]} {spoken(name)}".capitalize() if measure else "Number of events"


def _measure_of(measured: tuple[str, str]) -> Draft:
    measure, name = measured
    return {"measure": measure or None, "property": name or None}


def _shown(draft: Draft, reading: Reading) -> str:
    """What is held, as it is typed; nothing where it can no longer be read, which the board says by itself."""
    if not draft.get("properties"):
        return ""
    node = {"kind": "events", "type": draft["type"], "op": "gte", "value": 1, "properties": draft["properties"]}
    try:
        bound = bind(load_rule(node), reading.context())
    except BadRule:
        return ""
    assert isinstance(bound, BoundRecords)
    return properties_text(bound)


def _read(event_type: str, reading: Reading, typed: str) -> Draft:
    """Raises BadRule for what is no condition on properties of such events."""
    if not typed.strip():
        return {"properties": None}
    try:
        node: dict[str, Any] = dump_rule(parse_text(f'events("{event_type}", {typed}) >= 1', reading.context()))
    except BadRuleText as exc:
        _, _, reason = str(exc).partition(": ")
        raise BadRule(f"{typed!r} is no condition on properties: {reason}") from None
    if node["kind"] != "events" or node.keys() - {"kind", "type", "op", "value", "properties"}:
        raise BadRule(f"{typed!r} is no condition on properties.")
    return {"properties": node.get("properties")}


def _example(known: dict[str, FieldType | None]) -> str:
    for name, kind in known.items():
        if kind is FieldType.NUMBER:
            return f"{name} > 100"
        if kind is FieldType.TEXT:
            return f'{name} = "Books"'
    return f"{next(iter(known))} is set"
