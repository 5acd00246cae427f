"""Edits one condition with widgets that fit its type; suggestions come from the data."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, assert_never, get_args

import streamlit as st
from babel.numbers import get_currency_precision

from crm_core.ingest.wire import OrderStatus
from crm_core.rules.fields import FieldType
from crm_core.rules.operators import Takes
from crm_core.rules.tree import MAX_DAYS
from pages._ui import queries
from pages._ui.board import ORDERS, Condition, field_named

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)


def edit_condition(condition: Condition, currency: str) -> Condition:
    """The condition as the widgets have it now; a value is None until one was chosen."""
    key = f"builder_{condition.id}"
    labels = {operator.key: operator.label for operator in condition.operators}
    operators = list(labels)
    left, right = st.columns([2, 3], gap="small")
    chosen = left.selectbox(
        condition.label, operators, operators.index(condition.op), format_func=labels.__getitem__, key=f"{key}_op"
    )
    if chosen != condition.op:
        condition = _with_operator(condition, chosen)
    with right:
        condition = replace(condition, value=_value(condition, f"{key}_{chosen}", currency))
    if condition.name == ORDERS:
        condition = replace(condition, filters=_filters(condition, key, currency))
    if condition.operator.complement_of:
        st.caption("Includes customers without a value.")
    return condition


def _with_operator(condition: Condition, op: str) -> Condition:
    """A value stays when the new operator takes one of the same shape."""
    changed = replace(condition, op=op)
    return changed if changed.operator.takes is condition.operator.takes else replace(changed, value=None)


def _value(condition: Condition, key: str, currency: str) -> Any:
    match condition.operator.takes:
        case Takes.NOTHING:
            return None
        case Takes.DAYS:
            return st.number_input("Days", 0, MAX_DAYS, condition.value, 1, key=key, placeholder="such as 90")
        case Takes.RANGE:
            low, high = condition.value or (None, None)
            places = st.columns(2)
            with places[0]:
                low = _one(condition, low, f"{key}_low", currency, "From")
            with places[1]:
                high = _one(condition, high, f"{key}_high", currency, "To")
            return _range(low, high)
        case Takes.MANY:
            return _many(condition, key)
        case Takes.ONE:
            return _one(condition, condition.value, key, currency, "Value")


def _range(low: Any, high: Any) -> list[Any] | None:
    if low is None or high is None:
        return None
    if low > high:
        st.caption(":red[The first value must not be above the second; this condition is not counted yet.]")
        return None
    return [low, high]


def _one(condition: Condition, value: Any, key: str, currency: str, label: str) -> Any:
    match condition.type:
        case FieldType.NUMBER:
            return _whole(_number(label, value, 1.0, key=key, format="%g", placeholder="a number"))
        case FieldType.MONEY:
            decimals = f"%.{get_currency_precision(currency)}f"
            return _number(f"{label} in {currency}", value, 10.0, key=key, format=decimals, placeholder="an amount")
        case FieldType.DATE:
            day = date.fromisoformat(value) if value else None
            latest = max(LATEST, day or LATEST)
            picked = st.date_input(f"{label} (UTC day)", day, EARLIEST, latest, key=key, format="YYYY-MM-DD")
            return picked.isoformat() if picked else None
        case FieldType.BOOLEAN:
            words = {True: "Yes", False: "No"}
            return st.segmented_control(label, [True, False], default=value, format_func=words.__getitem__, key=key)
        case FieldType.TEXT | FieldType.LIST:
            typed = st.text_input(label, value or "", max_chars=200, key=key)
            return typed if typed == value else typed.strip() or None
        case _:
            assert_never(condition.type)


def _number(label: str, value: float | None, step: float, **options: Any) -> float | None:
    """A number from 0; a rule from the API may also hold one below, or a fraction of a count."""
    shown = float(value) if value is not None else None
    typed: float | None = st.number_input(label, min(0.0, shown or 0.0), None, shown, step, **options)
    return typed


def _whole(value: float | None) -> float | None:
    return int(value) if value is not None and value.is_integer() else value


def _many(condition: Condition, key: str) -> list[str] | None:
    found = field_named(condition.name)
    known = queries.options(found.name) if found.has_options else []
    chosen: Sequence[str] = condition.value or []
    offered = [*known, *(value for value in chosen if value not in known)]
    picked = st.multiselect(
        "Values",
        offered,
        list(chosen),
        key=key,
        accept_new_options=True,
        select_all=False,  # only the most frequent values are offered: all of them would not be all there are
        placeholder="choose or type, then Enter",
    )
    return list(picked) or None


def _filters(condition: Condition, key: str, currency: str) -> dict[str, Any]:
    """Which orders are counted; each filter that is left open counts all."""
    st.caption("Of all orders that are not cancelled, count those …")
    held = condition.filters
    columns = st.columns(4, gap="small")
    with columns[0]:
        days = st.number_input(
            "in the last days", 1, MAX_DAYS, held.get("within_days"), 1, key=f"{key}_days", placeholder="any time"
        )
    with columns[1]:
        known, chosen = queries.options("categories"), held.get("category")
        categories = known if chosen is None or chosen in known else [*known, chosen]
        category = st.selectbox(
            "in category",
            categories,
            categories.index(chosen) if chosen is not None else None,
            key=f"{key}_category",
            placeholder="any",
        )
    with columns[2]:
        amount = st.number_input(
            f"of at least {currency}", 0.0, None, held.get("min_amount"), 10.0, key=f"{key}_amount", placeholder="any"
        )
    with columns[3]:
        statuses = list(get_args(OrderStatus))
        status = st.selectbox(
            "with status",
            statuses,
            statuses.index(held["status"]) if held.get("status") else None,
            key=f"{key}_status",
            placeholder="any",
        )
    filters = {"within_days": days, "category": category, "min_amount": amount, "status": status}
    return {name: value for name, value in filters.items() if value is not None}
