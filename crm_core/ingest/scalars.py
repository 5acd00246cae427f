"""The scalar types of the wire: ids, texts, money, instants, each with its rule and its message.

What depends on the moment and the workspace comes in the validation context, a ``Border``.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from crm_core.customers.attributes import AttributeType, fits
from crm_core.infra.text import EARLIEST

MAX_AHEAD = timedelta(minutes=5)
MAX_AMOUNT = Decimal(10) ** 12
MAX_COUNT = 10**9
ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
MAX_TEXT = 200
MAX_ENTRIES = 50
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

DOT_SEGMENTS = (".", "..")
"""URL clients remove them from a path, percent-encoded or not. Source: WHATWG URL, RFC 3986 5.2.4."""


def check_addressable(value: str) -> str:
    if value in DOT_SEGMENTS:
        raise PydanticCustomError("dot_segment", "must not be . or .., which no URL can address")
    return value


Id = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        json_schema_extra={"not": {"enum": list(DOT_SEGMENTS)}},
    ),
    AfterValidator(check_addressable),
]
Text = Annotated[str, Field(max_length=MAX_TEXT, pattern=NO_CONTROLS)]
Email = Annotated[
    str, Field(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+$")
]
Phone = Annotated[str, Field(max_length=32, pattern=r"^\+?[0-9][0-9 ()./-]{2,30}$")]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]


@dataclass(frozen=True)
class Border:
    """What a record is judged by beside itself. now: aware UTC, for dates in the future. digits: minor digits of the
    workspace's currency. declared: the types that custom attributes must have."""

    now: datetime
    digits: int
    declared: Mapping[str, AttributeType] = field(default_factory=dict)


def _border(info: ValidationInfo) -> Border:
    assert isinstance(info.context, Border)
    return info.context


def parse_instant(value: Any, info: ValidationInfo) -> datetime:
    """ISO 8601 to aware UTC. Without a zone it is taken as UTC, a bare date as its first instant."""
    if not isinstance(value, str) or not ISO_START.match(value):
        raise PydanticCustomError("instant", 'must be an ISO 8601 date or time, such as "2026-01-31T18:00:00Z"')
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("instant", "{text} is no ISO 8601 date or time", {"text": repr(value)}) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment < EARLIEST:
        raise PydanticCustomError("instant_early", "must not be before 1900-01-01")
    if moment > _border(info).now + MAX_AHEAD:
        raise PydanticCustomError("instant_ahead", "must not be more than 5 minutes in the future")
    return moment.astimezone(UTC)  # after the bounds: years 1 and 9999 cannot be moved to every zone


def parse_money(value: Any, info: ValidationInfo) -> Decimal:
    """A JSON number in major units, exact: 29.33, never negative, no more decimals than the currency has."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("money_type", "must be a JSON number, such as 29.33")
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT:
        raise PydanticCustomError("money_range", "must be between 0 and 1,000,000,000,000")
    digits = _border(info).digits
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        raise PydanticCustomError("money_digits", "must have at most {digits} decimals", {"digits": digits})
    return amount


def parse_attribute(value: Any) -> Any:
    """Custom data of a customer: one value that the database can keep, or an array of texts."""
    match value:
        case None | bool():
            return value
        case int() if MIN_INTEGER <= value <= MAX_INTEGER:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if _is_text(value):
            return value
        case list() if len(value) <= MAX_ENTRIES and all(isinstance(entry, str) and _is_text(entry) for entry in value):
            return value
    raise PydanticCustomError(
        "attribute",
        "must be a text of at most 200 characters without control characters, a finite number "
        "(a whole one of at most 64 bits), true, false, or an array of at most 50 such texts",
    )


def check_declared(attributes: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """Each attribute has the type that somebody declared for it, if anybody did."""
    for name, wanted in _border(info).declared.items():
        value = attributes.get(name)
        if value is not None and not fits(value, wanted):
            kind = {AttributeType.DATE: "an ISO 8601 date or time", AttributeType.LIST: "an array of texts"}.get(wanted)
            message = "must be {kind}: that is the declared type of this attribute"
            raise PydanticCustomError("declared", message, {"at": name, "kind": kind or f"a {wanted}"})
    return attributes


def _is_text(value: str) -> bool:
    return len(value) <= MAX_TEXT and not UNWANTED.search(value)


_ANY_TEXT = {"type": "string", "maxLength": MAX_TEXT, "pattern": NO_CONTROLS}
AttributeValue = Annotated[
    Any,
    PlainValidator(parse_attribute),
    WithJsonSchema(
        {
            "anyOf": [
                _ANY_TEXT,
                {"type": "number"},
                {"type": "boolean"},
                {"type": "array", "maxItems": MAX_ENTRIES, "items": _ANY_TEXT},
                {"type": "null"},
            ]
        }
    ),
]
Instant = Annotated[
    datetime,
    PlainValidator(parse_instant),
    PlainSerializer(datetime.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Money = Annotated[
    Decimal,
    PlainValidator(parse_money),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": float(MAX_AMOUNT)}),
]
