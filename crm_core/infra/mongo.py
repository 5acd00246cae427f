"""MongoDB: the connection, the indexes, and its errors in our words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from pymongo import ASCENDING, DESCENDING, IndexModel, MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern

from crm_core.errors import Unavailable

Doc = dict[str, Any]
Db = Database[Doc]
Row = TypeVar("Row", bound=Mapping[str, Any])
MissingIndexes = dict[str, list[IndexModel]]
"""By collection."""

DUPLICATE_KEY = 11000
"""The code of an error: a unique index refuses a second one."""
INDEXES: dict[str, list[IndexModel]] = {
    "customers": [
        *(IndexModel([(f"folded.{name}", ASCENDING)]) for name in ("email", "city", "tags", "search")),
        IndexModel([("folded.name", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
        *(
            IndexModel([(name, ASCENDING), ("_id", ASCENDING)], partialFilterExpression={name: {"$exists": True}})
            for name in ("address_keys", "refused")
        ),
    ],
    "orders": [
        IndexModel([("customer_id", ASCENDING), ("ordered_at", DESCENDING)]),
        IndexModel([("ordered_at", DESCENDING)]),
    ],
    "events": [IndexModel([("customer_id", ASCENDING), ("type", ASCENDING), ("at", DESCENDING)])],
    # Lists are sorted by these, and names are read from them: a segment itself can be large.
    "segments": [
        IndexModel([("updated_at", DESCENDING), ("_id", DESCENDING), ("name", ASCENDING)]),
        IndexModel([("name", ASCENDING), ("_id", ASCENDING)]),
        IndexModel([("count", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("uses", ASCENDING)]),
        IndexModel([("created_by", ASCENDING), ("updated_at", DESCENDING)]),
    ],
    "segment_versions": [IndexModel([("segment_id", ASCENDING), ("version", DESCENDING)])],
    "campaigns": [
        IndexModel([("created_at", DESCENDING)]),
        IndexModel([("created_by", ASCENDING), ("created_at", DESCENDING)]),
        IndexModel([("state", ASCENDING)]),
        IndexModel([("name", ASCENDING)]),
        IndexModel([("retry.at", ASCENDING)], sparse=True),
        IndexModel([("close_until", ASCENDING)], sparse=True),
        IndexModel([("audit_due.at", ASCENDING)], sparse=True),
        IndexModel([("counts_due", ASCENDING)], sparse=True),
        IndexModel([("details_due", ASCENDING)], sparse=True),
    ],
    "messages": [
        IndexModel(
            [("address_key", ASCENDING), ("channel", ASCENDING), ("campaign_id", ASCENDING)],
            unique=True,
            partialFilterExpression={"address_key": {"$exists": True}},
        ),
        IndexModel([(name, ASCENDING) for name in ("campaign_id", "rank", "reason", "customer_id")]),
        IndexModel(
            [("campaign_id", ASCENDING), ("due_at", ASCENDING)],
            partialFilterExpression={"due_at": {"$exists": True}},
        ),
        IndexModel(
            [("campaign_id", ASCENDING), ("held_by", ASCENDING)],
            partialFilterExpression={"held_by": {"$exists": True}},
        ),
        IndexModel(
            [("campaign_id", ASCENDING), ("unsubscribed_at", ASCENDING)],
            partialFilterExpression={"unsubscribed_at": {"$exists": True}},
        ),
        IndexModel([("customer_id", ASCENDING), ("created_at", DESCENDING)]),
    ],
    "cap_locks": [IndexModel([("until", ASCENDING)], expireAfterSeconds=600)],
    "suppressions": [
        IndexModel([("customer_id", ASCENDING)]),
        *(
            IndexModel([*((name, ASCENDING) for name in names), ("created_at", DESCENDING), ("_id", DESCENDING)])
            for names in ((), ("channel",), ("reason",), ("channel", "reason"))
        ),
    ],
    "shared_rules": [
        IndexModel([("hash", ASCENDING)], unique=True),
        IndexModel([("touched_at", ASCENDING)], expireAfterSeconds=90 * 24 * 3600),
    ],
    "idempotency_keys": [IndexModel([("at", ASCENDING)], expireAfterSeconds=24 * 3600)],
    "api_keys": [
        IndexModel([("hash", ASCENDING)], unique=True),
        IndexModel([("name_key", ASCENDING)], unique=True, partialFilterExpression={"name_key": {"$exists": True}}),
        IndexModel([("created_at", DESCENDING), ("_id", DESCENDING)]),
    ],
    "audit_counts": [
        IndexModel([("key", ASCENDING)], unique=True),
        IndexModel([("hour", ASCENDING)]),
        IndexModel([("at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("target", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
    ],
    "users": [IndexModel([("email", ASCENDING)], unique=True), IndexModel([("role", ASCENDING)])],
    "audit": [
        IndexModel([("at", DESCENDING)]),
        IndexModel([("at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("action", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("target", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("actor_id", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
    ],
    "predictions": [
        IndexModel([("written_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("fitted_at", DESCENDING)]),
    ],
    "export_parts": [
        IndexModel([("export_id", ASCENDING)]),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
    "jobs": [
        IndexModel([("kind", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)]),
        IndexModel([("campaign_id", ASCENDING), ("created_at", DESCENDING), ("_id", DESCENDING)], sparse=True),
        IndexModel([("sole", ASCENDING)], unique=True, partialFilterExpression={"sole": {"$exists": True}}),
        IndexModel([("expires_at", ASCENDING)], expireAfterSeconds=0),
    ],
}

COLLECTIONS = (
    *INDEXES,
    "attributes",
    "event_properties",
    "workspace",
    "preferences",
    "snapshot_marks",
    "import_files.files",
    "import_files.chunks",
)
"""All that this version uses: its user may write to no other."""


def connect(uri: str, database: str) -> Db:
    """A database handle; nothing is sent before its first use. Writes wait for a majority and its journal."""
    client: MongoClient[Doc] = MongoClient(
        uri,
        tz_aware=True,
        w="majority",
        journal=True,
        serverSelectionTimeoutMS=3000,
        connectTimeoutMS=3000,
        appname="clientnest",
    )
    return client[database]


def consistent(db: Db) -> Db:
    """The same database, each query reading one moment: no document is counted twice or missed while it moves.

    Source: MongoDB manual, read concern "snapshot" outside transactions.
    """
    return db.with_options(read_concern=ReadConcern("snapshot"))


def missing_indexes(db: Db) -> MissingIndexes:
    """Those of INDEXES that the database lacks, or has in another form."""
    with translated():
        missing = {name: _lacking(db[name].index_information(), wanted) for name, wanted in INDEXES.items()}
    return {name: indexes for name, indexes in missing.items() if indexes}


def _lacking(present: Mapping[str, Any], wanted: list[IndexModel]) -> list[IndexModel]:
    return [index for index in wanted if not _has_index(present, index)]


def _has_index(present: Mapping[str, Any], wanted: IndexModel) -> bool:
    options = dict(wanted.document)
    found = present.get(options.pop("name"))
    return found is not None and {**found, "key": dict(found["key"])} == {
        **options,
        "key": dict(options["key"]),
        "v": found["v"],
    }


def build_indexes(db: Db, missing: MissingIndexes) -> None:
    """Where there are documents already, that may take minutes. The user may be allowed to build none where none is
    missing."""
    for collection, indexes in missing.items():
        with translated():
            db[collection].create_indexes(indexes)


@contextmanager
def translated(session: ClientSession | None = None) -> Iterator[None]:
    """Turn the driver's connection errors into Unavailable; what a write breaks passes through.

    session: of a transaction that this is part of; its errors pass too, since the driver repeats it for some of them.
    """
    try:
        yield
    except PyMongoError as exc:
        if session is None and (unavailable := _to_unavailable(exc)):
            raise unavailable from exc
        raise


def _to_unavailable(exc: PyMongoError) -> Unavailable | None:
    if isinstance(exc, ExecutionTimeout):
        return Unavailable("The database took too long and gave up. Nothing was lost; ask for less, or try again.")
    if isinstance(exc, ConnectionFailure):
        return Unavailable("The database does not answer. Nothing was lost; try again in a moment.")
    if exc.has_error_label("TransientTransactionError") or exc.has_error_label("RetryableWriteError"):
        return Unavailable("The database is changing its primary. Try again in a moment.")
    return None
