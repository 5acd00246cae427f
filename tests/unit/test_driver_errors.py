"""What the drivers raise, in our words: what passes by itself is Unavailable, what never will is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WriteError,
)
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, ResponseError
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as NoAnswer

from crm_core.errors import CrmError, Permanent, Unavailable
from crm_core.infra.mongo import translated
from crm_core.infra.streams import Entry, Stream, redis_translated
from crm_core.ingest.persist import Persister

TRANSIENT, RETRYABLE = "TransientTransactionError", "RetryableWriteError"
CLASH = {"index": 0, "code": 112, "errmsg": "WriteConflict"}
REFUSED = {"index": 0, "code": 121, "errmsg": "Document failed validation"}


def bulk(*errors: dict[str, Any], label: str = "") -> BulkWriteError:
    return BulkWriteError({"writeErrors": list(errors), "errorLabels": [label] if label else []})


def labelled(label: str) -> OperationFailure:
    return OperationFailure("changing", 189, {"errorLabels": [label]})


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("gone"),
        NetworkTimeout("slow"),
        NotPrimaryError("not me"),
        ExecutionTimeout("too long"),
        labelled(TRANSIENT),
        labelled(RETRYABLE),
        bulk(CLASH, label=TRANSIENT),
        bulk(label=RETRYABLE),
    ],
)
def test_what_passes_by_itself_is_unavailable(error: PyMongoError) -> None:
    with pytest.raises(Unavailable) as told, translated():
        raise error
    assert told.value.__cause__ is error


@pytest.mark.parametrize("error", [OperationFailure("bad", 2), DuplicateKeyError("twice"), bulk(REFUSED)])
def test_what_a_statement_breaks_passes_through(error: PyMongoError) -> None:
    with pytest.raises(type(error)), translated():
        raise error


def test_within_a_transaction_the_driver_sees_its_own_errors_and_repeats_it() -> None:
    with pytest.raises(OperationFailure), translated(cast("Any", object())):
        raise labelled(TRANSIENT)


def test_a_query_that_took_too_long_is_told_apart_from_a_database_that_is_away() -> None:
    with pytest.raises(Unavailable, match="took too long"), translated():
        raise ExecutionTimeout("50")
    with pytest.raises(Unavailable, match="does not answer"), translated():
        raise AutoReconnect("gone")
    with pytest.raises(Unavailable, match="changing its primary"), translated():
        raise labelled(RETRYABLE)


class BrokenSessions:
    """Each transaction fails with the next of ``errors``; one succeeds when none is left."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    @contextmanager
    def open(self) -> Iterator["BrokenSessions"]:
        with translated():
            yield self

    def with_transaction(self, _: Any) -> None:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)


def store(sessions: BrokenSessions) -> None:
    """An order, whose storing notes no attributes."""
    made: Any = Persister
    entry = Entry(Stream.ORDERS, "1-0", b'{"id": "o1", "customer_id": "c1", "amount": 5}')
    assert made(None, sessions, None, None, digits=lambda: 2).store([entry]) == {}


@pytest.mark.parametrize("error", [bulk(CLASH, label=TRANSIENT), bulk()], ids=["labelled", "not confirmed"])
def test_a_transient_bulk_write_error_is_unavailable_and_buries_nothing(error: BulkWriteError) -> None:
    with pytest.raises(Unavailable, match="could not confirm"):
        store(BrokenSessions(error))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (bulk(REFUSED), "error 121"),
        (WriteError("no", 121), "WriteError, error 121"),
        (DocumentTooLarge("17 MB"), "DocumentTooLarge"),
        (InvalidDocument("no BSON"), "InvalidDocument"),
        (OverflowError("8 bytes"), "OverflowError"),
    ],
)
def test_what_the_database_refuses_is_permanent_and_quotes_no_record(error: Exception, words: str) -> None:
    with pytest.raises(Permanent) as told:
        store(BrokenSessions(error))
    assert str(told.value) == f"the database refuses the write: {words}"


def test_a_record_that_another_worker_made_meanwhile_is_found_by_the_next_try() -> None:
    made = bulk({"index": 0, "code": 11000, "keyPattern": {"_id": 1}})
    sessions = BrokenSessions(made, made)
    store(sessions)
    assert sessions.tries == 3


def test_a_unique_index_of_somebody_else_is_not_tried_again() -> None:
    sessions = BrokenSessions(bulk({"index": 0, "code": 11000, "keyPattern": {"email": 1}}))
    with pytest.raises(Permanent, match="error 11000"):
        store(sessions)
    assert sessions.tries == 1


@pytest.mark.parametrize(
    "error",
    [
        LostConnection("gone"),
        NoAnswer("slow"),
        BusyLoadingError("loading"),
        ReadOnlyError("a replica"),
        OutOfMemoryError("full"),
        OSError("no route"),
        ResponseError("MISCONF no disk"),
        ResponseError("LOADING the file"),
        ResponseError("MASTERDOWN link"),
    ],
)
def test_a_valkey_that_is_away_full_or_loading_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable, match="stream server does not answer"), redis_translated():
        raise error


def test_a_wrong_command_to_valkey_is_no_outage() -> None:
    with pytest.raises(ResponseError), redis_translated():
        raise ResponseError("WRONGTYPE")
    assert not issubclass(ResponseError, CrmError)
