"""Which items an order must have, by their names."""

from typing import Final

import streamlit as st

from crm_core.rules.fields import ITEMS
from crm_core.rules.operators import operators_for_properties
from pages.builder.board.reading import Reading
from pages.builder.board.tree import Condition, Draft
from pages.builder.values import edit_value, with_operator
from pages.builder.widgets import ANYTHING, Part, choice_field

OPERATORS: Final = {each.key: each for each in operators_for_properties(ITEMS.type)}
FIRST: Final = "contains"


def edit_item(condition: Condition, reading: Reading) -> None:
    """Nothing is asked of the items while no operator is chosen."""
    item: Draft = condition.draft.get("item") or {}

    def within(changes: Draft) -> Draft:
        asked = {name: value for name, value in {**item, **changes}.items() if value is not None}
        return {"item": asked if "op" in asked else None}

    part = Part(condition.id, item, "item_", " of the item", within)
    operator = OPERATORS.get(str(item.get("op")))
    left, right = st.columns([2, 3], gap="small")
    with left:
        key = part.key("op")
        choice_field(
            "with an item whose name",
            key,
            item.get("op"),
            sorted(OPERATORS, key=lambda op: op != FIRST),
            lambda: part.commit(key, lambda op: {"op": None} if op is None else with_operator(item, op)),
            format_func=lambda op: OPERATORS[op].label if op in OPERATORS else str(op),
            placeholder=ANYTHING,
        )
    if operator:
        with right:
            edit_value(part, operator, ITEMS.type, reading.item_names)
        if operator.is_negative:
            st.caption("Counts orders none of whose items has such a name.")
