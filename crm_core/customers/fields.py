"""The folded copies of a customer's texts, which comparisons and searches use."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from crm_core.customers.model import stored_customer
from crm_core.customers.search_words import customer_words
from crm_core.infra.mongo import Doc
from crm_core.infra.text import fold, is_plain_day, parse_iso
from crm_core.schema.customer import CUSTOMER
from crm_core.schema.fields import RecordSchema

MAX_MEASURED = 10**9


def fold_texts(doc: Mapping[str, Any], records: RecordSchema = CUSTOMER) -> Doc:
    """The ``folded`` part of a customer: its texts as a comparison sees them.

    ``search``: the words by which people find the customer. ``attributes``: texts and lists among the custom
    attributes. ``dates``: those of their texts that are ISO 8601 dates, should the attribute be a date: as times, or
    those without a time of day as they are, since which moments a day holds depends on the workspace's time zone.
    """
    attributes: dict[str, Any] = doc.get("attributes", {})
    joined = read_joined(doc, records)
    whole = {**doc, **joined} if joined else doc
    parts: Doc = {
        **{name: _fold_value(whole[name]) for name in records.folded_names if name in whole},
        "search": customer_words(stored_customer(whole)),
    }
    return parts | _fold_values("attributes", attributes)


def fold_properties(event: Doc) -> None:
    """Give an event its ``folded`` part: that of its properties like that of a customer's custom attributes, and as
    ``micros`` its numbers as integers of millionths, which add up exactly; those beyond MAX_MEASURED have none."""
    properties: dict[str, Any] = event.get("properties") or {}
    micros = {name: found for name, value in sorted(properties.items()) if (found := _micros(value)) is not None}
    folded = _fold_values("properties", properties) | ({"micros": micros} if micros else {})
    event.pop("folded", None)
    if folded:
        event["folded"] = folded


def fold_items(order: Doc) -> None:
    """Give an order its ``folded`` part: the names of its items, each once, as a comparison sees them."""
    names = sorted({fold(item.get("name", "")) for item in order.get("items") or ()} - {""})
    order.pop("folded", None)
    if names:
        order["folded"] = {"items": names}


def _micros(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_MEASURED:
        return None
    return int(Decimal(str(value)).scaleb(6).to_integral_value(ROUND_HALF_EVEN))


def _fold_values(part: str, values: Mapping[str, Any]) -> Doc:
    """part: what their folded texts are kept under."""
    named = sorted(values.items())
    texts = {name: _fold_value(value) for name, value in named if isinstance(value, str | list)}
    dates = {name: moment for name, value in named if (moment := _date(value))}
    return ({part: texts} if texts else {}) | ({"dates": dates} if dates else {})


def read_joined(doc: Mapping[str, Any], records: RecordSchema = CUSTOMER) -> Doc:
    """The texts that are not given themselves, but by others that they are read as: a name by first and last."""
    found: Doc = {}
    for row in records.joined:
        if not doc.get(row.name) and (parts := [doc[name] for name in row.joins if doc.get(name)]):
            found[row.name] = " ".join(parts)
    return found


def _fold_value(value: str | list[str]) -> str | list[str]:
    return fold(value) if isinstance(value, str) else [fold(entry) for entry in value]


def _date(value: Any) -> datetime | str | None:
    moment = parse_iso(value) if isinstance(value, str) else None
    return value if moment and is_plain_day(value) else moment
