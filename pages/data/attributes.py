"""Custom attributes of customers: which there are, and declaring their types."""

import re
from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from crm_core.customers.attributes import Attribute
from crm_core.customers.seen_types import AttributeType
from crm_core.errors import InvalidInput, NotFound
from crm_core.schema.kinds import KEYWORD
from pages._ui.deps import actor, services
from pages._ui.formats import NONE, literal, number
from pages._ui.guard import show_error
from pages._ui.widgets import empty_state

UNDECLARED: Final = "No declared type"


def show_attributes() -> None:
    attributes = services().attributes.all()
    table, form = st.columns([3, 2], gap="medium")
    with table:
        if attributes:
            _show_table(attributes)
        else:
            empty_state("sell", "No custom attributes yet", "They come with customers: by import, or over the API.")
    with form:
        _show_form([attribute.name for attribute in attributes])


def _show_table(attributes: Sequence[Attribute]) -> None:
    rows = [
        {
            "Name": attribute.name,
            "Type": attribute.type or "differs",
            "Seen as": ", ".join(sorted(attribute.seen)) or NONE,
            "Declared": "yes" if attribute.declared else "no",
        }
        for attribute in attributes
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="data_attributes", alt="Custom attributes")
    word = "attribute" if len(rows) == 1 else "attributes"
    st.caption(f"{number(len(rows))} {word}. Type: what was declared, or else what all values are.")


def _show_form(names: Sequence[str]) -> None:
    with st.form("data_declare"):
        st.markdown("**Declare a type**")
        name = st.selectbox(
            "Attribute",
            names,
            index=None,
            placeholder="Choose one, or type a new name",
            accept_new_options=True,
            key="data_attribute",
        )
        wanted = st.selectbox("Type", [*map(str, AttributeType), UNDECLARED], key="data_type")
        st.caption(
            "Records whose value is of another type are rejected from then on. Values that are there already stay; "
            "rules treat those of another type as missing."
        )
        if st.form_submit_button("Declare", icon=":material/task_alt:"):
            try:
                _declare(name, None if wanted == UNDECLARED else wanted)
            except (InvalidInput, NotFound) as exc:
                show_error(exc)


def _declare(name: str | None, wanted: str | None) -> None:
    if name is None or not re.fullmatch(KEYWORD, name):
        said = f"“{name}” is no name of an attribute" if name else "Choose an attribute, or type a new name"
        raise InvalidInput(f"{said}: 1 to 40 of a-z, 0-9 and _, the first a letter.")
    declared = services().attributes.declare(name, wanted, actor=actor()).declared
    said = f"must be a {declared} from now on" if declared else "may be of any type"
    st.toast(f"Values of **{literal(name)}** {said}.", icon=":material/task_alt:")
    st.rerun()
