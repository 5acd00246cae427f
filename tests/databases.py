"""Databases for tests. MongoDB keeps the files of a dropped one open for minutes, so most tests share one, emptied."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from pymongo import WriteConcern

from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db
from crm_core.services import Services, build_services
from crm_core.settings import Settings

MANY = 2_000
"""Documents of a collection that are dropped sooner than deleted one by one."""


def empty(db: Db) -> None:
    """Nothing is left but collections and indexes; those of a dropped one are made with the next services."""
    quick = db.with_options(write_concern=WriteConcern(w=1, j=False))
    for name in db.list_collection_names():
        if name.startswith("system.") or quick[name].estimated_document_count() > MANY:
            db[name].drop()
        else:
            quick[name].delete_many({})
    db.jobs.delete_many({})  # waits for a majority, so for all that was written before


@contextmanager
def open_database(servers: Settings, clock: Clock) -> Iterator[Services]:
    """Services on a database of their own, for tests of one module that fill it once and only read."""
    services = build_services(servers.with_servers(mongodb_database=f"test_{uuid.uuid4().hex[:12]}"), clock=clock)
    yield services
    services.db.client.drop_database(services.db.name)
    services.close()
