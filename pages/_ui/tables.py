"""Tables of records: money with its currency, times to the day, no empty columns."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from crm_core.infra.mongo import Doc

CUSTOMER_COLUMNS = {
    "who": "Customer",
    "total_spend": "Spend",
    "order_count": "Orders",
    "last_order_at": "Last order",
}
ORDER_COLUMNS = {
    "ordered_at": "When",
    "customer_id": "Customer",
    "amount": "Amount",
    "status": "Status",
    "category": "Category",
}


def customer_table(records: Sequence[Doc], currency: str, *, key: str) -> None:
    """Customers as CustomerReader gives them, by name, or by id where there is none."""
    named = [{**record, "who": record.get("name") or record["id"]} for record in records]
    _table(named, CUSTOMER_COLUMNS, currency, key)


def order_table(records: Sequence[Doc], currency: str, *, key: str) -> None:
    """Orders as CustomerReader gives them."""
    _table(records, ORDER_COLUMNS, currency, key)


def _table(records: Sequence[Doc], columns: dict[str, str], currency: str, key: str) -> None:
    present = [name for name in columns if any(record.get(name) is not None for record in records)]
    frame = pd.DataFrame([{columns[name]: record.get(name) for name in present} for record in records])
    config = {columns[name]: shown for name in present if (shown := _config(name, currency))}
    st.dataframe(frame, hide_index=True, column_config=config, key=key, height="content")


def _config(name: str, currency: str) -> ColumnConfig | None:
    match name:
        case "total_spend" | "amount":
            return st.column_config.NumberColumn(format=_money_format(currency))
        case "last_order_at" | "ordered_at":
            return st.column_config.DatetimeColumn(format="D MMM YYYY", timezone="UTC")
        case _:
            return None


def _money_format(currency: str) -> str:
    return {"USD": "dollar", "EUR": "euro", "JPY": "yen"}.get(currency, f"%.2f {currency}")
