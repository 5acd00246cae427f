"""Stores batches of stream entries: records, then the totals that follow, in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pymongo
import structlog
from bson.errors import InvalidDocument
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DocumentTooLarge, WriteError

from crm_core.customers.attributes import Attributes
from crm_core.customers.event_properties import EventProperties
from crm_core.errors import Permanent, Unavailable
from crm_core.infra.mongo import DUPLICATE_KEY, Db
from crm_core.infra.streams import Entry, Stream
from crm_core.infra.transactions import TransactionSessions
from crm_core.ingest.applying import Apply, Change, DefaultCountry, appliers
from crm_core.ingest.patches import ChangeReader
from crm_core.money import Digits
from crm_core.schema.schema import SCHEMA, Schema

log = structlog.stdlib.get_logger(__name__)

TIME_LIMIT_S = 15.0
"""Of one batch, tries included: a worker that is told to stop should not have to wait longer. The driver would try for
120 s."""


class Persister:
    """Handles what the ingest worker reads. digits: in which amounts are stored. country: where phone numbers belong
    of customers whose own is not known."""

    def __init__(
        self,
        db: Db,
        sessions: TransactionSessions,
        attributes: Attributes,
        event_properties: EventProperties,
        schema: Schema = SCHEMA,
        *,
        digits: Digits,
        country: DefaultCountry = lambda: None,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._attributes = attributes
        self._event_properties = event_properties
        self._reader = ChangeReader(schema, digits=digits)
        self._appliers: Mapping[Stream, Apply] = appliers(schema, country)

    def store(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Store entries of one stream. Return {entry id: reason} for those that are no records.

        All or nothing, repeated when another worker touched the same customers: of two transactions that
        overlap one starts again. Raises Unavailable, and Permanent when the database refuses what it should store.
        """
        changes: list[Change] = []
        refused: dict[str, str] = {}
        for entry in entries:
            try:
                changes.append(self._reader.read(entry))
            except Permanent as exc:
                refused[entry.id] = str(exc)
        if changes:
            self._run(partial(self._appliers[entries[0].stream], self._db, changes))
            if entries[0].stream is Stream.CUSTOMERS:
                self._attributes.note(_attributes_in(changes))
            if entries[0].stream is Stream.EVENTS:
                said = ((change.patch["type"], change.patch.get("properties") or {}) for change in changes)
                self._event_properties.note(said)
            log.debug(
                "stored", stream=entries[0].stream, records=len(changes), first=entries[0].id, last=entries[-1].id
            )
        return refused

    def _run(self, apply: Callable[[ClientSession], None]) -> None:
        with pymongo.timeout(TIME_LIMIT_S), self._sessions.open() as session:
            while True:
                try:
                    session.with_transaction(apply)
                except (BulkWriteError, WriteError, DocumentTooLarge, InvalidDocument, OverflowError) as exc:
                    if not _is_made_meanwhile(exc):
                        raise _to_refusal(exc) from exc
                    log.info("repeated", reason="another worker made the same record")
                else:
                    return


def _attributes_in(changes: Sequence[Change]) -> Iterator[tuple[str, Any]]:
    for change in changes:
        for path, value in change.patch.items():
            part, _, name = path.partition("/")
            if part == "attributes" and name:
                yield name, value


def _is_made_meanwhile(exc: Exception) -> bool:
    """Whether the same transaction, begun again, will find the record that it tried to make."""
    errors = (exc.details or {}).get("writeErrors", []) if isinstance(exc, BulkWriteError) else []
    return any(error["code"] == DUPLICATE_KEY and list(error.get("keyPattern", ())) == ["_id"] for error in errors)


def _to_refusal(exc: Exception) -> Exception:
    """Without the text of the driver's error, which quotes the record."""
    if isinstance(exc, BulkWriteError):
        errors = (exc.details or {}).get("writeErrors", [])
        if not errors or exc.has_error_label("TransientTransactionError"):
            return Unavailable("The database could not confirm a write. Try again in a moment.")
        return Permanent(f"the database refuses the write: error {errors[0]['code']}")
    code = f", error {exc.code}" if isinstance(exc, WriteError) else ""
    return Permanent(f"the database refuses the write: {type(exc).__name__}{code}")
