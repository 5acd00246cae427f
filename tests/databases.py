"""Databases for tests. MongoDB keeps the files of a dropped one open for minutes, so most tests share one, emptied."""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import redis
from pymongo import MongoClient, WriteConcern

from crm_core.hosting.folder import DataFolder
from crm_core.hosting.mongod import administrator_uri
from crm_core.hosting.runtime_file import read_runtime
from crm_core.hosting.valkey import valkey_administrator_url
from crm_core.infra.app_role import APP_RIGHTS, APPEND_ONLY, app_privileges
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import INDEXES, Db, Doc, build_indexes, missing_indexes
from crm_core.infra.streams import connect_redis_async
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import VERSION_ID, read_version

MANY = 2_000
"""Documents of a collection that are dropped sooner than deleted one by one."""
TODAYS_VERSION = {"_id": VERSION_ID, "version": len(STEPS)}
FEWEST_ITERATIONS = 5_000
"""Of the hash of a password. Each of the many clients of tests repeats them, for a password that nobody could guess."""
TESTER = "tester"
TESTS_ONLY: list[Doc] = [
    {
        "resource": {"db": "", "collection": ""},
        "actions": ["listCollections", "dbStats", "dropCollection", "dropDatabase", "collMod", "enableProfiler"],
    },
    {"resource": {"db": "", "collection": "system.profile"}, "actions": ["find", "dropCollection"]},
    *({"resource": {"db": "", "collection": name}, "actions": ["update", "remove"]} for name in APPEND_ONLY),
    *({"resource": {"db": "", "collection": name}, "actions": ["createIndex"]} for name in APPEND_ONLY),
    {"resource": {"cluster": True}, "actions": ["inprog", "listDatabases"]},
]
"""What tests do beside what the app may do."""
TESTS_RIGHTS = ("+flushdb", "+keys", "+config")
"""The same in Valkey."""


def as_administrator(settings: Settings) -> Settings:
    """The same embedded servers without the limits of the app's users, to make data as they were long ago."""
    runtime, secrets = read_runtime(settings.data_dir), DataFolder(settings.data_dir).load_secrets()
    assert runtime
    mongod, valkey = (urlsplit(address).port for address in (runtime.mongodb_uri, runtime.redis_url))
    assert mongod
    assert valkey
    return settings.with_servers(
        mongodb_uri=administrator_uri(secrets, mongod), redis_url=valkey_administrator_url(secrets, valkey)
    )


def as_tester(settings: Settings) -> Settings:
    """The same embedded servers with users that have the app's rights on any database, and may empty it.

    Nothing expires: the clocks of tests stand in the past, and what they store would go within a minute of ours.
    """
    administrator = as_administrator(settings)
    uri, url = str(administrator.mongodb_uri), str(administrator.redis_url)
    password = secrets.token_urlsafe()
    with MongoClient[Doc](uri) as client:
        client.admin.command("createRole", TESTER, privileges=[*app_privileges(""), *TESTS_ONLY], roles=[])
        client.admin.command("setParameter", 1, scramSHA256IterationCount=FEWEST_ITERATIONS, ttlMonitorEnabled=False)
        client.admin.command("createUser", TESTER, pwd=password, roles=[TESTER])
    with redis.Redis.from_url(url) as valkey:
        valkey.execute_command("ACL", "SETUSER", TESTER, "on", f">{password}", *APP_RIGHTS.split(), *TESTS_RIGHTS)
    return settings.with_servers(
        mongodb_uri=f"mongodb://{TESTER}:{password}@{uri.partition('@')[2]}",
        redis_url=f"redis://{TESTER}:{password}@{url.partition('@')[2]}",
    )


def empty(db: Db) -> None:
    """Nothing is left but collections and indexes, those of a dropped one are made with the next services, and the
    version of the data, which would be written as it is."""
    quick = db.with_options(write_concern=WriteConcern(w=1, j=False))
    for name in _filled(db):
        if name.startswith("system.") or quick[name].estimated_document_count() > MANY:
            db[name].drop()
        else:
            quick[name].delete_many({"$expr": {"$ne": ["$$ROOT", TODAYS_VERSION]}})
    db.jobs.delete_many({})  # waits for a majority, so for all that was written before


def restore(db: Db) -> None:
    """Make the indexes of collections that a test has dropped, and the version of data without one."""
    found = db.command("dbStats")
    if found["indexes"] - found["collections"] != sum(map(len, INDEXES.values())):  # each has one more, of its ids
        build_indexes(db, missing_indexes(db))
    read_version(db, len(STEPS))


def on_same_connections(connected: Services, clock: Clock) -> Services:
    """Services of their own, that hold nothing of what others have read."""
    assert connected.settings.redis_url
    built = replace(connected, clock=clock, redis_async=connect_redis_async(connected.settings.redis_url))
    built.amounts_currency.check()
    return built


def stop(services: Services) -> None:
    """End its threads; the connections stay."""
    services.audit_counts.close()
    if "snapshot" in vars(services):
        services.snapshot.stop()


def _filled(db: Db) -> list[str]:
    """The collections with something in them, all asked at once."""
    names = db.list_collection_names()
    asked = [{"$unionWith": {"coll": name, "pipeline": _one_named(name)}} for name in names[1:]]
    return [row["name"] for row in db[names[0]].aggregate([*_one_named(names[0]), *asked])] if names else []


def _one_named(name: str) -> list[Doc]:
    return [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}]


@contextmanager
def open_database(servers: Settings, clock: Clock) -> Iterator[Services]:
    """Services on a database of their own, for tests of one module that fill it once and only read."""
    services = build_services(servers.with_servers(mongodb_database=f"test_{uuid.uuid4().hex[:12]}"), clock=clock)
    try:
        yield services
    finally:
        services.db.client.drop_database(services.db.name)
        services.close()
