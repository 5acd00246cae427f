"""What of events is compared, and which properties they must have."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

import streamlit as st

from crm_core.rules.fields import FieldType, spoken
from crm_core.rules.operators import operators_for_properties
from crm_core.rules.tree import MAX_PROPERTIES
from crm_core.rules.wording_records import MEASURED
from pages._ui.formats import literal
from pages.builder.board.reading import Reading
from pages.builder.board.tree import Condition, Draft
from pages.builder.values import edit_value, pick_operator
from pages.builder.widgets import Part, choice_field, commit, hold, key_of, read_keyword

COUNT = ("", "")
"""Measure and property of a condition on the number of events."""
IS_SET: Final = "is_set"
"""Asked of a property whose type is not known."""
Kinds = Mapping[str, FieldType | None]


def edit_properties(condition: Condition, reading: Reading) -> None:
    """A row for each property that is asked for, and one to choose another."""
    event_type = condition.draft.get("type")
    if not event_type:
        return
    properties = reading.words.catalogue.properties
    known = {name: kind for (of_type, name), kind in properties.items() if of_type == event_type}
    asked: Sequence[Draft] = condition.draft.get("properties") or ()
    if known:
        _edit_measure(condition, [name for name, kind in known.items() if kind is FieldType.NUMBER])
    if known or asked:
        for place, _ in enumerate([*asked, {}][:MAX_PROPERTIES]):
            _edit_property(condition, place, known, reading)
        if len(asked) > 1:
            st.caption("All of these are asked of one event.")


def _edit_property(condition: Condition, place: int, known: Kinds, reading: Reading) -> None:
    asked: list[Draft] = list(condition.draft.get("properties") or ())
    draft = asked[place] if place < len(asked) else {}

    def within(changes: Draft) -> Draft:
        changed = {name: value for name, value in {**draft, **changes}.items() if value is not None}
        rows = [*asked[:place], *([changed] if "name" in changed else []), *asked[place + 1 :]]
        return {"properties": rows or None}

    name, columns = draft.get("name"), st.columns([2, 2, 3], gap="small")
    part = Part(condition.id, draft, f"property_{place}_", f" of {spoken(str(name))}", within)
    with columns[0]:
        key = part.key("name")
        taken = {each["name"] for each in asked} - {name}
        choice_field(
            "only events with" if place == 0 else "and with",
            key,
            name,
            sorted(each for each, kind in known.items() if kind and each not in taken),
            partial(part.commit, key, partial(_of_name, known)),
            accept_new_options=True,
            placeholder="any property",
        )
    kind = known.get(str(name))
    if kind is None:
        return
    operators = operators_for_properties(kind)
    with columns[1]:
        pick_operator(part, operators, literal(f"whose {spoken(str(name))}"))
    if operator := next((each for each in operators if each.key == draft.get("op")), None):
        with columns[2]:
            edit_value(part, operator, kind, partial(reading.property_values, str(condition.draft["type"]), str(name)))


def _of_name(known: Kinds, typed: str | None) -> Draft:
    """With the first operator of its type. Raises InvalidInput for what cannot be a name."""
    name = read_keyword(typed, "a property")
    kind = known.get(name or "")
    op = operators_for_properties(kind)[0].key if kind else IS_SET
    return {"name": name, "op": op, "value": None}


def _edit_measure(condition: Condition, numbers: list[str]) -> None:
    key, draft = key_of(condition.id, "measured"), condition.draft
    chosen = (str(draft.get("measure") or ""), str(draft.get("property") or ""))
    offered = [COUNT, *((measure, name) for name in numbers for measure in MEASURED)]
    if chosen not in offered:
        offered.append(chosen)
    hold(key, chosen)
    st.selectbox(
        "What of the events",
        offered,
        offered.index(chosen),
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
