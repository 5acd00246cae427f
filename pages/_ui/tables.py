"""Tables of customers and orders that lead to the customer: money, relative times, no empty columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from crm_core.customers.model import Customer
from crm_core.insights.overview import LatestOrder
from crm_core.schema.statuses import RETURNS
from pages._ui.deps import services
from pages._ui.formats import money_major, number, relative_time, utc_exact
from pages._ui.link_table import Cell, Column, Lead, Row, link_table
from pages._ui.links import go_to

CUSTOMER_COLUMNS: Final = {
    "who": Column("Customer", is_link=True),
    "email": Column("E-mail", shape="wide plain"),
    "city": Column("City", shape="plain"),
    "total_spend": Column("Spend", "right"),
    "order_count": Column("Orders", "right"),
    "last_order_at": Column("Last order"),
    "why": Column("Why", shape="wide"),
}
ORDER_COLUMNS: Final = {
    "who": Column("Customer", is_link=True),
    "ordered_at": Column("When"),
    "amount": Column("Amount", "right"),
    "status": Column("Status"),
    "category": Column("Category"),
}
SAMPLE: Final = ("who", "total_spend", "order_count", "last_order_at", "why")


def customer_table(
    records: Sequence[Customer],
    currency: str,
    *,
    key: str,
    why: Mapping[str, str] | None = None,
    columns: Sequence[str] = SAMPLE,
) -> None:
    """Customers as CustomerReader gives them, by name, or by id where there is none; each leads to its page.

    why: customer id to a line of plain text. columns: of CUSTOMER_COLUMNS, those without any value are left out.
    """
    told = why or {}
    rows = [
        {**record, "who": record.get("name") or record["id"], "why": told.get(record["id"]) or None}
        for record in records
    ]
    _table("Customers", {name: CUSTOMER_COLUMNS[name] for name in columns}, rows, "id", currency, key)


def order_table(records: Sequence[LatestOrder], currency: str, *, key: str) -> None:
    """Orders, the amounts of returns below 0, by the names of their customers; each leads to its customer."""
    rows = [
        {
            **each,
            "who": each.get("customer_name") or each["customer_id"],
            "amount": -each["amount"] if each["status"] in RETURNS else each["amount"],
        }
        for each in records
    ]
    _table("Orders", ORDER_COLUMNS, rows, "customer_id", currency, key)


def customer_href(customer_id: str) -> str:
    return f"customer?{urlencode({'customer': customer_id})}"


def customer_lead(customer: Customer) -> Lead:
    return Lead(customer.get("name") or customer["id"], customer["id"], customer_href(customer["id"]))


def _table(
    label: str,
    columns: Mapping[str, Column],
    records: Sequence[Mapping[str, Any]],
    id_field: str,
    currency: str,
    key: str,
) -> None:
    present = [name for name in columns if any(record.get(name) is not None for record in records)]
    now = services().clock()
    rows = [
        Row(
            record[id_field],
            customer_href(record[id_field]),
            [_cell(record.get(name), name, currency, now) for name in present],
        )
        for record in records
    ]
    if opened := link_table(label, [columns[name] for name in present], rows, key=key):
        go_to("customer", customer=opened)


def _cell(value: Any, name: str, currency: str, now: datetime) -> Cell:
    if value is None:
        return Cell()
    match name:
        case "total_spend" | "amount":
            return Cell(money_major(value, currency))
        case "order_count":
            return Cell(number(value))
        case "last_order_at" | "ordered_at":
            return Cell(relative_time(value, now), utc_exact(value))
        case _:
            return Cell(str(value))
