"""From a stream entry's JSON to the change that is stored: minor units, datetimes, flat paths."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic_core import from_json

from crm_core.customers.merge import Patch
from crm_core.errors import Permanent
from crm_core.infra.streams import Entry, Stream
from crm_core.infra.text import fold
from crm_core.ingest.applying import Change
from crm_core.settings import to_minor

BASELINE = {"visits", "total_spend", "order_count"}
PARTS = {"attributes", "consent"}
MONEY = {"cart_value", "total_spend", "amount"}
REQUIRED = {Stream.ORDERS: ("customer_id", "amount"), Stream.EVENTS: ("customer_id", "type")}
"""What the border has seen to; an entry that somebody else wrote may lack it."""
MOMENTS = {"ordered_at", "at"}


def read_change(entry: Entry, digits: int) -> Change:
    """What ``entry`` says. Raises Permanent when it is no record: somebody else wrote to the stream."""
    try:
        record = from_json(entry.data)
    except ValueError as exc:
        raise Permanent(f"no valid JSON: {exc}") from None
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise Permanent("no record: an object with an id is needed")
    try:
        return Change(record["id"], _to_patch(record, entry, digits), entry.version)
    except KeyError as exc:
        raise Permanent(f"no record of this kind: {exc.args[0]} missing") from None
    except (TypeError, ValueError, ArithmeticError, AttributeError) as exc:
        raise Permanent(f"no record of this kind: {type(exc).__name__}") from None


def _to_patch(record: Mapping[str, Any], entry: Entry, digits: int) -> Patch:
    if entry.stream is Stream.CUSTOMERS:
        return customer_patch(record, entry, digits)
    if missing := [name for name in REQUIRED[entry.stream] if record.get(name) is None]:
        raise KeyError(" and ".join(missing) + (" is" if len(missing) == 1 else " are"))
    if not isinstance(record["customer_id"], str):
        raise TypeError
    return order_patch(record, digits) if entry.stream is Stream.ORDERS else event_patch(record)


def customer_patch(record: Mapping[str, Any], entry: Entry, digits: int) -> Patch:
    """Consent keeps who told us, such as ``key:shop``, and when."""
    patch: dict[str, Any] = {}
    for name, value in record.items():
        if name == "id":
            continue
        if name in PARTS and value is None:
            patch[f"{name}/"] = None
        elif name == "attributes":
            patch |= {f"attributes/{key}": part for key, part in value.items()}
        elif name == "consent":
            told = {"source": entry.origin or "api", "at": entry.at}
            patch |= {f"consent/{key}": {"state": state, **told} for key, state in value.items()}
        elif name in BASELINE:
            patch["baseline/" + _stored_name(name)] = _stored(name, value, digits)
        else:
            patch[_stored_name(name)] = _stored(name, value, digits)
    return patch


def order_patch(record: Mapping[str, Any], digits: int) -> Patch:
    patch = {_stored_name(name): _stored(name, value, digits) for name, value in record.items() if name != "id"}
    if "category" in patch:
        patch["category_folded"] = fold(patch["category"]) if patch["category"] else None
    return patch


def event_patch(record: Mapping[str, Any]) -> Patch:
    return {name: _stored(name, value, 0) for name, value in record.items() if name != "id"}


def _stored_name(name: str) -> str:
    return f"{name}_minor" if name in MONEY else name


def _stored(name: str, value: Any, digits: int) -> Any:
    if value is None:
        return None
    if name in MONEY:
        return to_minor(Decimal(value), digits)
    if name in MOMENTS:
        return datetime.fromisoformat(value)
    if name == "items":
        return [_item(item, digits) for item in value]
    return value


def _item(item: Mapping[str, Any], digits: int) -> dict[str, Any]:
    stored = {name: value for name, value in item.items() if name != "price" and value is not None}
    if item.get("price") is not None:
        stored["price_minor"] = to_minor(Decimal(item["price"]), digits)
    return stored
