"""What the type checker knows of stored documents: fields of the schema with its types, and no misspelt one.

mypy checks this file too, and strict as it is set it refuses an ignore that hides nothing: each key below that is
misspelt stays an error of types.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, cast, get_type_hints

import pytest

from crm_core.audience.model import Segment, Suppression
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.model import Campaign
from crm_core.customers.model import ChannelConsent, Customer, Event, Order, OrderItem, StoredCustomer
from crm_core.customers.totals import EventTotals, OrderTotals
from crm_core.jobs.model import Job
from crm_core.schema import kinds
from crm_core.schema.customer import CUSTOMER
from crm_core.schema.event import EVENT
from crm_core.schema.fields import Field
from crm_core.schema.order import ITEM, ORDER

TYPES: dict[type[kinds.Kind], Any] = {
    kinds.TextList: list[str],
    kinds.Flag: bool,
    kinds.Count: int,
    kinds.Money: Decimal,
    kinds.Moment: datetime,
    kinds.Values: dict[str, Any],
    kinds.Consent: dict[str, ChannelConsent],
    kinds.Items: list[OrderItem],
}
"""Of the other kinds, the values are texts. Stored amounts are integers."""
BOOKKEEPING = {"_id", "baseline", "folded", "versions", "address_keys", "refused", "offers"}


def may_be(row: Field, declared: object, types: dict[type[kinds.Kind], Any]) -> bool:
    kind = types.get(type(row.kind), str)
    return declared in (kind, kind | None)


@pytest.mark.parametrize(
    ("model", "rows"),
    [(Customer, CUSTOMER.fields), (Order, ORDER.fields), (Event, EVENT.fields), (OrderItem, ITEM.fields)],
)
def test_a_shown_field_is_a_row_of_the_schema_with_its_type(model: type, rows: tuple[Field, ...]) -> None:
    by_name = {row.name: row for row in rows if not row.is_hidden}
    for name, declared in get_type_hints(model).items():
        assert may_be(by_name[name], declared, TYPES), name


@pytest.mark.parametrize("model", [StoredCustomer, OrderTotals, EventTotals])
def test_a_stored_field_is_a_row_of_the_schema_with_its_type(model: type) -> None:
    by_name = {row.stored_name: row for row in CUSTOMER.fields}
    stored = get_type_hints(model)
    for name in stored.keys() - BOOKKEEPING:
        assert may_be(by_name[name], stored[name], TYPES | {kinds.Money: int}), name


def test_misspelt_keys_are_refused_by_the_type_checker() -> None:
    anything: dict[str, Any] = {}
    segment, suppression = cast("Segment", anything), cast("Suppression", anything)
    customer, stored = cast("Customer", anything), cast("StoredCustomer", anything)
    order, campaign = cast("Order", anything), cast("Campaign", anything)
    message, job = cast("Message", anything), cast("Job", anything)
    segment["ruel"] = {}  # type: ignore[typeddict-unknown-key]
    suppression["reasno"] = ""  # type: ignore[typeddict-unknown-key]
    customer["emial"] = ""  # type: ignore[typeddict-unknown-key]
    stored["total_spend"] = 0  # type: ignore[typeddict-unknown-key]
    order["amuont"] = 0  # type: ignore[typeddict-unknown-key]
    campaign["relase"] = {}  # type: ignore[typeddict-unknown-key]
    message["ranck"] = 0  # type: ignore[typeddict-unknown-key]
    job["stat"] = ""  # type: ignore[typeddict-unknown-key]
    assert segment["ruel"] == {}  # type: ignore[typeddict-item]
    assert customer["emial"] == ""  # type: ignore[typeddict-item]
    assert campaign["relase"] == {}  # type: ignore[typeddict-item]
    assert len(anything) == 8
