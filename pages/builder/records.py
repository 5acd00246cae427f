"""The parts of conditions on orders and events that go beyond operator and value."""

from functools import partial

import streamlit as st

from crm_core.rules.bound import type_of_measure
from crm_core.rules.fields import FieldType
from crm_core.rules.wording_records import MEASURES
from crm_core.schema.statuses import STATUS_NAMES
from pages._ui.deps import services
from pages.builder.board.palette import orders_draft
from pages.builder.board.reading import Reading
from pages.builder.board.tree import Condition, Draft
from pages.builder.event_properties import edit_properties
from pages.builder.items import edit_item
from pages.builder.widgets import (
    ANYTHING,
    choice_field,
    commit,
    days_field,
    hold,
    key_of,
    number_field,
    put_field,
    read_keyword,
)

MEASURE_LABELS = {measure: label for measure, (label, _) in MEASURES.items()} | {"count": "Number of orders"}


def edit_measure(condition: Condition) -> None:
    """What of the orders is compared."""
    key = key_of(condition.id, "measure")
    measure = hold(key, condition.draft.get("measure", "count"))
    st.selectbox(
        "What of the orders",
        list(MEASURE_LABELS),
        list(MEASURE_LABELS).index(measure),
        format_func=MEASURE_LABELS.__getitem__,
        key=key,
        on_change=commit,
        args=(condition.id, key, partial(_with_measure, condition.draft)),
    )


def _with_measure(draft: Draft, measure: str) -> Draft:
    """A date is compared by other operators than a number."""
    kinds = {type_of_measure(each) is FieldType.DATE for each in (measure, draft.get("measure", "count"))}
    return {"measure": measure} if len(kinds) == 1 else {"value": None, **orders_draft(measure)}


def edit_order_filters(condition: Condition, reading: Reading) -> None:
    """Which orders are counted; each filter that is left open counts all."""
    st.caption("Of all orders that are not cancelled, refunded, voided or returned, count those …")
    draft, currency = condition.draft, services().workspace.current().currency
    columns = st.columns(4, gap="small")
    with columns[0]:
        _days(condition)
    with columns[1]:
        key, put = put_field(condition, "category")
        categories = reading.options("categories")
        choice_field("in category", key, draft.get("category"), categories, put, placeholder=ANYTHING)
    with columns[2]:
        key, put = put_field(condition, "min_amount")
        number_field(f"of at least {currency}", key, draft.get("min_amount"), put, step=10.0, placeholder=ANYTHING)
    with columns[3]:
        key, put = put_field(condition, "status")
        choice_field("with status", key, draft.get("status"), STATUS_NAMES, put, placeholder=ANYTHING)
    edit_item(condition, reading)


def edit_event(condition: Condition, reading: Reading) -> None:
    """Type and period."""
    left, right = st.columns([3, 2], gap="small")
    with left:
        key = key_of(condition.id, "type")
        choice_field(
            "Type of event",
            key,
            condition.draft.get("type"),
            reading.event_types(),
            partial(commit, condition.id, key, _event_type),
            accept_new_options=True,
            placeholder="choose or type, then Enter",
        )
    with right:
        _days(condition)
    edit_properties(condition, reading)


def _event_type(typed: str | None) -> Draft:
    """Raises InvalidInput for what cannot be a type of event."""
    return {"type": read_keyword(typed, "a type of event"), "properties": None, "measure": None, "property": None}


def _days(condition: Condition) -> None:
    key, put = put_field(condition, "within_days")
    days_field("in the last days", key, condition.draft.get("within_days"), put, least=1, placeholder="any time")
