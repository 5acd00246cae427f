"""From a request body to records: the good ones ready for the stream, the bad ones with their errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from crm_core.errors import InvalidInput
from crm_core.infra.streams import Stream
from crm_core.ingest.wire import CustomerRecord, OrderItem, OrderRecord

Record = CustomerRecord | OrderRecord
MAX_RECORDS = 1000

MODELS: Mapping[Stream, type[Record]] = {Stream.CUSTOMERS: CustomerRecord, Stream.ORDERS: OrderRecord}


@dataclass(frozen=True)
class FieldError:
    """One rule that a record breaks. field: its path, such as ``consent.sms``; empty for the record itself."""

    field: str
    message: str


@dataclass(frozen=True)
class Rejection:
    """index: position in the request, from 0."""

    index: int
    errors: Sequence[FieldError]


@dataclass(frozen=True)
class Batch:
    """payloads: a JSON text per accepted record, only the fields that were given, in snake_case."""

    payloads: Sequence[bytes]
    rejected: Sequence[Rejection] = field(default=())


def parse_records(stream: Stream, body: bytes, *, now: datetime, digits: int) -> Batch:
    """Validate one record or an array of at most 1,000. Raises InvalidInput when it is neither.

    now: aware UTC, for dates in the future. digits: minor digits of the currency.
    """
    context = {"now": now, "digits": digits}
    if body.lstrip()[:1] == b"[":
        try:
            records = _adapter(stream).validate_json(body, context=context)
            _check_size(len(records))
            return Batch([_payload(record) for record in records])
        except ValidationError:
            pass  # at least one is bad: look at each by itself
    rows = _load(body)
    return _parse_each(MODELS[stream], rows if isinstance(rows, list) else [rows], context)


def parse_rows(stream: Stream, rows: Sequence[Any], *, now: datetime, digits: int) -> Batch:
    """The same for values already read from JSON."""
    return _parse_each(MODELS[stream], rows, {"now": now, "digits": digits})


def _parse_each(model: type[Record], rows: Sequence[Any], context: dict[str, Any]) -> Batch:
    _check_size(len(rows))
    payloads, rejected = [], []
    for index, row in enumerate(rows):
        try:
            record = model.model_validate_json(to_json(row, inf_nan_mode="constants"), context=context)
        except ValidationError as exc:
            errors = [_describe(error, model) for error in exc.errors(include_url=False)]
            rejected.append(Rejection(index, errors))
        else:
            payloads.append(_payload(record))
    return Batch(payloads, rejected)


def _load(body: bytes) -> Any:
    try:
        return from_json(body, allow_inf_nan=True)
    except ValueError as exc:
        raise InvalidInput(f"The body is no valid JSON: {exc}.") from None


def _check_size(count: int) -> None:
    if not 1 <= count <= MAX_RECORDS:
        raise InvalidInput(f"A request takes 1 to {MAX_RECORDS:,} records, this one has {count:,}.")


def _payload(record: Record) -> bytes:
    return record.model_dump_json(exclude_unset=True, by_alias=False).encode()


@cache
def _adapter(stream: Stream) -> TypeAdapter[Any]:
    return TypeAdapter(list[MODELS[stream]])  # type: ignore[valid-type]


PLAIN_MESSAGES = {
    "missing": "is required",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be an array",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "finite_number": "must be a finite number",
    "int_parsing_size": "must be a whole number of at most 64 bits",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_long": "must have at most {max_length} entries",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
}
PATTERN_MESSAGES = {
    "email": "must be an e-mail address, such as asha@example.com",
    "phone": "must be a phone number of 3 to 32 digits, spaces and ()./-, such as +49 30 123456",
    "id": "must not begin or end with a space or hold control characters",
    "customer_id": "must not begin or end with a space or hold control characters",
    "attributes": "is no attribute name: 1 to 40 of a-z, 0-9 and _, the first a letter",
}


def _describe(error: ErrorDetails, model: type[Record]) -> FieldError:
    location = [str(part) for part in error["loc"] if part != "[key]"]
    names = [_snake(model, part) if depth == 0 else part for depth, part in enumerate(location)]
    kind, context = error["type"], error.get("ctx", {})
    path = ".".join(names)
    if kind == "extra_forbidden":
        known = OrderItem.model_fields if len(names) > 1 else model.model_fields
        hint = " (custom data goes in attributes)" if "attributes" in known else ""
        return FieldError(path, f"is no known field; allowed are {', '.join(known)}{hint}")
    if kind == "string_pattern_mismatch":
        return FieldError(path, PATTERN_MESSAGES.get(names[0], "must not hold control characters"))
    if kind in PLAIN_MESSAGES:
        return FieldError(path, PLAIN_MESSAGES[kind].format(**context))
    return FieldError(path, error["msg"])


def _snake(model: type[Record], name: str) -> str:
    return next((field for field, info in model.model_fields.items() if info.alias == name), name)
