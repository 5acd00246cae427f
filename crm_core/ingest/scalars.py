"""The scalar types of the wire: ids, texts, money, instants, each with its rule and its message.

Two things depend on the moment and the workspace; they come in the validation context:
``now`` (aware UTC) and ``digits`` (minor digits of the currency).
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

MAX_AHEAD = timedelta(minutes=5)
MAX_AMOUNT = Decimal(10) ** 12
MAX_COUNT = 10**9
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")
NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Id = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"),
]
Text = Annotated[str, Field(max_length=200, pattern=NO_CONTROLS)]
Email = Annotated[
    str, Field(max_length=254, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s.\x00-\x1f\x7f]+$")
]
Phone = Annotated[str, Field(max_length=32, pattern=r"^\+?[0-9][0-9 ()./-]{2,30}$")]
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]


def _context(info: ValidationInfo) -> dict[str, Any]:
    context: dict[str, Any] | None = info.context
    assert context is not None
    return context


def parse_instant(value: Any, info: ValidationInfo) -> datetime:
    """ISO 8601 to aware UTC. Without a zone it is taken as UTC, a bare date as its first instant."""
    if not isinstance(value, str) or not ISO_START.match(value):
        raise PydanticCustomError("instant", 'must be an ISO 8601 date or time, such as "2026-01-31T18:00:00Z"')
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("instant", "{text} is no ISO 8601 date or time", {"text": repr(value)}) from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment < EARLIEST:
        raise PydanticCustomError("instant_early", "must not be before 1900-01-01")
    if moment > _context(info)["now"] + MAX_AHEAD:
        raise PydanticCustomError("instant_ahead", "must not be more than 5 minutes in the future")
    return moment


def parse_money(value: Any, info: ValidationInfo) -> Decimal:
    """A JSON number in major units, exact: 29.33, never negative, no more decimals than the currency has."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise PydanticCustomError("money_type", "must be a JSON number, such as 29.33")
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= MAX_AMOUNT:
        raise PydanticCustomError("money_range", "must be between 0 and 1,000,000,000,000")
    digits = _context(info)["digits"]
    exponent = amount.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > digits:
        raise PydanticCustomError("money_digits", "must have at most {digits} decimals", {"digits": digits})
    return amount


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
    WithJsonSchema({"type": "number", "minimum": 0}),
]
