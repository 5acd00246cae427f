"""What is known of a customer: the built-in fields, and the custom attributes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import streamlit as st

from crm_core.customers.model import Customer
from pages._ui.deps import services
from pages._ui.formats import literal, money_major, relative_time, utc_exact

FIELD_PX: Final = 140


def show_profile(customer: Customer) -> None:
    attributes = customer.get("attributes", {})
    with st.container(border=True):
        st.markdown("**Profile**")
        shown = (field for field in services().schema.customers.fields if field.on_profile)
        values: Mapping[str, Any] = customer
        _show_fields((field.label, values[field.name]) for field in shown if not _is_empty(values.get(field.name)))
        if attributes:
            st.markdown("**Attributes**")
            _show_fields((_label(name), value) for name, value in attributes.items() if not _is_empty(value))


def _show_fields(fields: Iterator[tuple[str, Any]]) -> None:
    with st.grid(2, min_column_width=FIELD_PX, gap="small"):
        for label, value in fields:
            with st.container(gap=None):
                st.caption(literal(label), help=utc_exact(value) if isinstance(value, datetime) else None)
                st.markdown(literal(_words(value)))


def _words(value: Any) -> str:
    match value:
        case bool():
            return "Yes" if value else "No"
        case Decimal():
            return money_major(value, services().workspace.current().currency)
        case datetime():
            return relative_time(value, services().clock())
        case list():
            return ", ".join(map(str, value))
        case int() | float():
            return f"{value:,}"
        case _:
            return str(value)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [])


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
