"""From a request body to records: the good ones ready for the stream, the bad ones with their errors."""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json

from crm_core.errors import InvalidInput
from crm_core.infra.streams import Stream
from crm_core.ingest.scalars import ValidationContext
from crm_core.ingest.wire import MODELS, WireModel
from crm_core.plain_messages import plain_message
from crm_core.schema import kinds
from crm_core.schema.fields import Field

MAX_RECORDS = 1000
MAX_RECORD_BYTES = 100_000
"""As JSON. The ingest worker reads a thousand records of each stream at once, and the backlog is bounded by number."""


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


def parse_records(stream: Stream, body: bytes, context: ValidationContext) -> Batch:
    """Validate one record or an array of at most 1,000. Raises InvalidInput when it is neither."""
    is_array = body.lstrip()[:1] == b"["
    try:
        parsed = _adapter(stream, context, is_array=is_array).validate_json(body, context=context)
    except ValidationError:  # at least one is bad: look at each by itself
        rows = _load(body)
        return parse_rows(stream, rows if isinstance(rows, list) else [rows], context)
    records = parsed if is_array else [parsed]
    _check_size(len(records))
    return _bounded([(index, _payload(record)) for index, record in enumerate(records)], [])


def parse_rows(stream: Stream, rows: Sequence[Any], context: ValidationContext) -> Batch:
    """The same for values already read from JSON."""
    _check_size(len(rows))
    model = (context.models or MODELS).models[stream]
    payloads, rejected = [], []
    for index, row in enumerate(rows):
        try:
            payloads.append((index, _payload(model.model_validate(row, context=context))))
        except ValidationError as exc:
            errors = [_describe(error, model) for error in exc.errors(include_url=False)]
            rejected.append(Rejection(index, errors))
    return _bounded(payloads, rejected)


def _bounded(payloads: Sequence[tuple[int, bytes]], rejected: Sequence[Rejection]) -> Batch:
    """payloads: by index. Without those that are too large, which are rejected as well."""
    large = [
        Rejection(
            index, [FieldError("", f"takes {len(text):,} bytes as JSON; at most {MAX_RECORD_BYTES:,} are allowed")]
        )
        for index, text in payloads
        if len(text) > MAX_RECORD_BYTES
    ]
    good = [text for _, text in payloads if len(text) <= MAX_RECORD_BYTES]
    return Batch(good, sorted([*rejected, *large], key=lambda each: each.index))


def _load(body: bytes) -> Any:
    """What the body says, with what no database can keep (lone surrogates, endless numbers): it is named later."""
    try:
        return from_json(body, allow_inf_nan=True)
    except ValueError as exc:
        fault = exc
    try:
        return json.loads(body.decode(), parse_int=_whole)
    except (ValueError, RecursionError):
        raise InvalidInput(f"The body is no valid JSON: {fault}.") from None


def _whole(digits: str) -> int | float:
    """Python refuses to convert more digits than these; no field takes so large a number."""
    return int(digits) if len(digits) <= sys.int_info.default_max_str_digits else math.copysign(math.inf, float(digits))


def _check_size(count: int) -> None:
    if not 1 <= count <= MAX_RECORDS:
        raise InvalidInput(f"A request takes 1 to {MAX_RECORDS:,} records, this one has {count:,}.")


def _adapter(stream: Stream, context: ValidationContext, *, is_array: bool) -> TypeAdapter[Any]:
    models = context.models or MODELS
    return models.many[stream] if is_array else models.one[stream]


def _payload(record: WireModel) -> bytes:
    return record.model_dump_json(exclude_unset=True, by_alias=False).encode()


NO_CONTROLS = "must not hold control characters"


def _describe(error: ErrorDetails, model: type[WireModel]) -> FieldError:
    kind, context = error["type"], error.get("ctx", {})
    location = [_printable(part) for part in error["loc"] if part != "[key]"]
    names = [_snake(model, part) if depth == 0 else part for depth, part in enumerate(location)]
    path = ".".join([*names, *([context["at"]] if kind == "declared" else [])])
    row = model.rows.get(names[0]) if names else None
    if kind == "extra_forbidden":
        known = [part.name for part in _items(row)] or list(model.rows)
        hint = " (custom data goes in attributes)" if "attributes" in known else ""
        return FieldError(path, f"is no known field; allowed are {', '.join(known)}{hint}")
    if kind == "string_pattern_mismatch" and row:
        return FieldError(path, _pattern_message(row))
    return FieldError(path, plain_message(error))


def _items(row: Field | None) -> Sequence[Field]:
    return row.kind.fields if row and isinstance(row.kind, kinds.Items) else ()


def _pattern_message(row: Field) -> str:
    """What a text must look like that does not."""
    match row.kind:
        case kinds.Email():
            return "must be an e-mail address, such as asha@example.com"
        case kinds.Phone():
            return (
                "must be a phone number of 3 to 32 digits, spaces and ()./-, such as +49 30 123456 or (415) 555-0154, "
                "perhaps with an extension such as ext. 12"
            )
        case kinds.Identifier():
            return "must not begin or end with a space or hold control characters"
        case kinds.Values():
            return f"is no {row.kind.one} name: 1 to 40 of a-z, 0-9 and _, the first a letter"
        case kinds.Keyword():
            return "must be 1 to 40 of a-z, 0-9 and _, the first a letter, such as cart_abandoned"
        case _:
            return NO_CONTROLS


def _printable(part: int | str) -> str:
    """A name from the body, which may hold what no answer can."""
    return str(part).encode(errors="replace").decode()


def _snake(model: type[WireModel], name: str) -> str:
    return next((field for field, info in model.model_fields.items() if info.alias == name), name)
