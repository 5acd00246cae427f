"""The types of the wire, one for each kind of value: what is accepted, and what is said of anything else.

What depends on the moment and the workspace comes in the validation context, a ``ValidationContext``.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from crm_core.customers.attributes import fits
from crm_core.customers.seen_types import AttributeType
from crm_core.infra.text import EARLIEST, LATEST
from crm_core.schema import kinds
from crm_core.schema.kinds import KEYWORD, MAX_COUNT, MAX_ENTRIES, MAX_ID_LENGTH, MAX_TEXT_LENGTH
from crm_core.schema.statuses import STATUS_NAMES, STATUS_WORDS, read_status

if TYPE_CHECKING:
    from crm_core.ingest.wire import RecordModels

MAX_AHEAD = timedelta(minutes=5)
MAX_AMOUNT = Decimal(10) ** 12
ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
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
        max_length=MAX_ID_LENGTH,
        pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
        json_schema_extra={"not": {"enum": list(DOT_SEGMENTS)}},
    ),
    AfterValidator(check_addressable),
]
Email = Annotated[
    str, Field(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+$")
]
Phone = Annotated[
    str,
    Field(
        max_length=40,
        pattern=r"^(\+?\(?|\(\+)[0-9][0-9 ()./-]{2,30}( ?(;ext=|[eE][xX][tT]\.?|[eE]xtension|[xX#]) ?[0-9]{1,7})?$",
    ),
]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]


@dataclass(frozen=True)
class ValidationContext:
    """What a record is judged by beside itself. now: aware UTC, for dates in the future. digits: minor digits of the
    workspace's currency. declared: the types that custom attributes must have. models: what records must be like,
    None for those of the schema as it comes."""

    now: datetime
    digits: int
    currency: str
    declared: Mapping[str, AttributeType] = field(default_factory=dict)
    models: "RecordModels | None" = None


MakeContext: TypeAlias = Callable[[Mapping[str, AttributeType]], ValidationContext]
"""That of the present moment, from the declared types."""


def _context(info: ValidationInfo) -> ValidationContext:
    assert isinstance(info.context, ValidationContext)
    return info.context


def parse_instant(value: Any) -> datetime:
    """ISO 8601 to aware UTC. Without a zone it is taken as UTC, a bare date as its first instant."""
    moment = _read_instant(value)
    if moment >= LATEST:
        raise PydanticCustomError("instant_late", "must be before 9999-01-01")
    return moment.astimezone(UTC)


def parse_past_instant(value: Any, info: ValidationInfo) -> datetime:
    """The same for what has happened, by a clock that may be a little ahead of ours."""
    moment = _read_instant(value)
    if moment > _context(info).now + MAX_AHEAD:
        raise PydanticCustomError("instant_ahead", "must not be more than 5 minutes in the future")
    return moment.astimezone(UTC)


def _read_instant(value: Any) -> datetime:
    """In its own zone: years 1 and 9999 cannot be moved to every other, so the bounds come first."""
    if not isinstance(value, str) or not ISO_START.match(value):
        raise PydanticCustomError("instant", 'must be an ISO 8601 date or time, such as "2026-01-31T18:00:00Z"')
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("instant", "{text} is no ISO 8601 date or time", {"text": repr(value)}) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment < EARLIEST:
        raise PydanticCustomError("instant_early", "must not be before 1900-01-01")
    return moment


def parse_money(value: Any, info: ValidationInfo) -> Decimal:
    """A JSON number in major units, exact: 29.33, never negative, no more decimals than the currency has."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("money_type", "must be a JSON number, such as 29.33")
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT:
        raise PydanticCustomError("money_range", "must be between 0 and 1,000,000,000,000")
    digits = _context(info).digits
    minor = amount.scaleb(digits)
    if minor != minor.to_integral_value():
        raise PydanticCustomError("money_digits", "must have at most {digits} decimals", {"digits": digits})
    return amount


def parse_money_up_to(value: Any, info: ValidationInfo, limit: str) -> Decimal:
    """The same for a part of another amount of the record, which stands before it."""
    amount, whole = parse_money(value, info), info.data.get(limit)
    if whole is not None and amount > whole:
        raise PydanticCustomError(
            "money_above", "must be at most the {limit}, {whole}", {"limit": limit, "whole": str(whole)}
        )
    return amount


def parse_number(value: Any, kind: kinds.Number) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("number_type", "must be a number")
    if not kind.low <= value <= kind.high:
        bounds = {"low": f"{kind.low:,}", "high": f"{kind.high:,}"}
        raise PydanticCustomError("number_range", "must be between {low} and {high}", bounds)
    return value


def parse_currency(value: Any, info: ValidationInfo) -> str:
    """The code of the workspace's currency, in any case."""
    currency = _context(info).currency
    if not isinstance(value, str) or value.upper() != currency:
        message = "must be {currency}, the currency of this workspace, not {value}"
        raise PydanticCustomError("currency", message, {"currency": currency, "value": _short(value)})
    return currency


def parse_status(value: Any) -> str:
    if not isinstance(value, str) or (status := read_status(value)) is None:
        raise PydanticCustomError("status", "must be one of {names}", {"names": ", ".join(STATUS_NAMES)})
    return status


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
    for name, wanted in _context(info).declared.items():
        value = attributes.get(name)
        if value is not None and not fits(value, wanted):
            kind = {AttributeType.DATE: "an ISO 8601 date or time", AttributeType.LIST: "an array of texts"}.get(wanted)
            message = "must be {kind}: that is the declared type of this attribute"
            raise PydanticCustomError("declared", message, {"at": name, "kind": kind or f"a {wanted}"})
    return attributes


def _short(value: Any) -> str:
    return repr(value)[:20].encode(errors="replace").decode()


def _is_text(value: str) -> bool:
    return len(value) <= MAX_TEXT_LENGTH and not UNWANTED.search(value)


_ANY_TEXT = {"type": "string", "maxLength": MAX_TEXT_LENGTH, "pattern": NO_CONTROLS}
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
Values = Annotated[
    dict[Annotated[str, Field(pattern=KEYWORD)], AttributeValue],
    Field(max_length=MAX_ENTRIES, json_schema_extra={"additionalProperties": False}),
]
Keyword = Annotated[str, Field(pattern=KEYWORD, examples=["visit", "cart_abandoned"])]
Currency = Annotated[
    str,
    PlainValidator(parse_currency),
    WithJsonSchema({"type": "string", "examples": ["USD"], "pattern": "^[A-Za-z]{3}$"}),
]
OrderStatus = Annotated[
    str, PlainValidator(parse_status), WithJsonSchema({"type": "string", "enum": [*STATUS_NAMES, *STATUS_WORDS]})
]


def text_of(kind: kinds.Text) -> Any:
    return Annotated[str, Field(max_length=kind.max_length, pattern=NO_CONTROLS)]


def number_of(kind: kinds.Number) -> Any:
    """A whole number stays one: 42, not 42.0."""
    bounds = {"minimum": kind.low, "maximum": kind.high}
    return Annotated[
        int | float, PlainValidator(partial(parse_number, kind=kind)), WithJsonSchema({"type": "number", **bounds})
    ]


def instant_of(kind: kinds.Moment) -> Any:
    return Annotated[
        datetime,
        PlainValidator(parse_instant if kind.may_be_ahead else parse_past_instant),
        PlainSerializer(datetime.isoformat, return_type=str, when_used="json"),
        WithJsonSchema({"type": "string", "format": "date-time"}),
    ]


def money_of(kind: kinds.Money) -> Any:
    return Annotated[
        Decimal,
        PlainValidator(partial(parse_money_up_to, limit=kind.at_most) if kind.at_most else parse_money),
        PlainSerializer(str, return_type=str, when_used="json"),
        WithJsonSchema({"type": "number", "minimum": 0, "maximum": float(MAX_AMOUNT)}),
    ]
