"""One number says in which form a database keeps its data; beside it stands how far an upgrade has come."""

from datetime import datetime
from typing import Any, TypedDict, cast

from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, translated

VERSION_ID = "data_version"
"""Of the document in ``workspace``."""
DATA = ("customers", "orders", "events", "segments", "campaigns", "messages", "jobs", "imports", "api_keys", "audit")
"""A database without any document in these is new."""


class LeaseFields(TypedDict):
    """by: the process that brings the data forward; renewed every 2 s. until: when another one may go on."""

    by: str
    until: datetime


class Mark(TypedDict):
    """How far a step is. walk: place of its walk. after: the last id that is done. total: about how many there are."""

    walk: int
    after: Any
    done: int
    total: int


class DataVersion(TypedDict, total=False):
    """begun_at: the version at which the upgrade in hand began. failure: why it stopped, in words."""

    version: int
    begun_at: int
    lease: LeaseFields
    mark: Mark
    failure: str


def versions_in(db: Db) -> Collection[DataVersion]:
    return cast("Collection[DataVersion]", db.workspace)


def find_version(db: Db) -> DataVersion | None:
    """As it is stored; None in a new database, and in data from before there was a version."""
    with translated():
        return versions_in(db).find_one({"_id": VERSION_ID})


def has_data(db: Db) -> bool:
    with translated():
        return any(db[name].find_one({}, {"_id": 1}) for name in DATA)


def read_version(db: Db, newest: int) -> DataVersion:
    """As it is stored; created if there is none. Raises InvalidInput when a newer program has written the data."""
    found = find_version(db) or _create(db, newest)
    if found["version"] > newest:
        raise InvalidInput(
            f"The data were written by a newer ClientNest (data version {found['version']}; this one knows up to "
            f"{newest}). Nothing was changed. Start the newer version, or restore a backup made before it ran."
        )
    return found


def _create(db: Db, newest: int) -> DataVersion:
    """Data without a version are from before there was one."""
    created: DataVersion = {"version": 0 if has_data(db) else newest}
    try:
        with translated():
            db.workspace.insert_one({"_id": VERSION_ID, **created})
    except DuplicateKeyError:  # another process was first
        return find_version(db) or created
    return created
