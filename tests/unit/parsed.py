"""Parses bodies as the API does, and takes the answer apart."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.infra.streams import Stream
from crm_core.ingest.parsing import Batch, FieldError, parse_records
from crm_core.ingest.scalars import ValidationContext

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
ORDER = {"id": "o1", "customer_id": "c1", "amount": 29.33}
CUSTOMER = {"id": "c1"}


def parse(stream: Stream, body: Any, *, digits: int = 2) -> Batch:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse_records(stream, text, ValidationContext(NOW, digits, "USD"))


def accepted(stream: Stream, body: Any, *, digits: int = 2) -> dict[str, Any]:
    """The one record of ``body`` as it goes on the stream."""
    batch = parse(stream, body, digits=digits)
    assert not batch.rejected, batch.rejected
    (payload,) = batch.payloads
    record: dict[str, Any] = json.loads(payload)
    return record


def errors(stream: Stream, body: Any) -> list[FieldError]:
    """What is wrong with the one record of ``body``, which is the same alone and in an array."""
    alone = parse(stream, body)
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert parse(stream, b"[" + text + b"]") == alone
    assert not alone.payloads
    (rejection,) = alone.rejected
    assert rejection.index == 0
    return list(rejection.errors)


def error(stream: Stream, body: Any) -> FieldError:
    (found,) = errors(stream, body)
    return found


def refusal(stream: Stream, body: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse(stream, body)
    return str(caught.value)
