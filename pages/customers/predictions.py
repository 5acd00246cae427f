"""What is predicted of a customer, or why nothing is."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from crm_core.customers.model import Customer
from crm_core.predictions.model import PART
from crm_core.schema.fields import Field
from crm_core.schema.kinds import Money
from pages._ui import queries
from pages._ui.deps import services
from pages._ui.formats import literal, money_major
from pages._ui.links import link_to
from pages.customers.profile import FIELD_PX

NOT_YET = "Predictions come with the next fit, once a day: until the last one there was no order that counts."
ONE_DAY = "not known from one order"


def show_predictions(customer: Customer) -> None:
    whole: Mapping[str, Any] = customer
    values: Mapping[str, Any] = whole.get(PART, {})
    with st.container(border=True):
        st.markdown("**Predictions**")
        if not values:
            st.caption(literal(queries.no_predictions() or NOT_YET))
        else:
            _show_fields(values)
        link_to("predictions", "How far to trust them", icon=":material/query_stats:")


def _show_fields(values: Mapping[str, Any]) -> None:
    currency = services().workspace.current().currency
    with st.grid(2, min_column_width=FIELD_PX, gap="small"):
        for row in services().schema.customers.parts[PART]:
            value = values.get(row.name.removeprefix(f"{PART}."))
            if value is None and isinstance(row.kind, Money):
                continue  # the page of predictions says why nobody has any
            with st.container(gap=None):
                st.caption(literal(row.label.removesuffix(" in %")), help=row.about)
                st.markdown(literal(ONE_DAY if value is None else _words(row, value, currency)))


def _words(row: Field, value: Any, currency: str) -> str:
    if isinstance(row.kind, Money):
        return money_major(value, currency)
    return f"{value} %" if row.label.endswith(" in %") else f"{value:,}"
