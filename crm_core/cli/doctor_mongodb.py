"""The doctor's look at MongoDB: there, a set with transactions, new enough, and what it holds."""

import time
from collections.abc import Sequence
from typing import Any

import pymongo
from pymongo.errors import ConfigurationError, ConnectionFailure, ExecutionTimeout, OperationFailure, PyMongoError

from crm_core.cli.doctor_check import ANSWER_S, Check, Fault, problem
from crm_core.cli.doctor_places import START, Places
from crm_core.infra.app_role import APPEND_ONLY, CHANGES
from crm_core.infra.mongo import Db, Doc, connect

MONGODB = "mongodb"
OLDEST = (5, 0)
"""Reads of one moment (read concern "snapshot" outside transactions) came with it. Source: MongoDB manual."""
_CHILD, _VARIABLE = "mongod", "mongodb_uri"
_COUNTED = ("customers", "orders", "events")
_REFUSED_LOGIN = {18, 8000}
_FORBIDDEN = {13}


def check_mongodb(places: Places) -> Check:
    settings = places.settings
    if settings.mongodb_uri is None:
        return Check(MONGODB, faults=(problem("No MongoDB is known.", f"{START} Or set CRM_MONGODB_URI."),))
    try:
        with pymongo.timeout(ANSWER_S):
            db = connect(settings.mongodb_uri, settings.mongodb_database)
            with db.client:
                return _look(db, places.origin(_CHILD, _VARIABLE))
    except (PyMongoError, ValueError) as exc:
        return Check(MONGODB, faults=(_to_fault(exc, places),))


def _look(db: Db, origin: str) -> Check:
    hello = db.client.admin.command("hello")
    started = time.perf_counter()
    db.client.admin.command("ping")
    latency_ms = (time.perf_counter() - started) * 1000
    build = db.client.server_info()
    held = ", ".join(f"{db[name].estimated_document_count():,} {name}" for name in _COUNTED)
    found = (
        f"MongoDB {build['version']}, {_kind(hello)}, {origin}, answers in {latency_ms:.1f} ms; about {held}. "
        f"{_rights(db)}"
    )
    return Check(MONGODB, found, tuple(_faults(hello, build["versionArray"])), build["version"])


def _rights(db: Db) -> str:
    """Whether the app's user could change the record of what people did."""
    login = db.client.admin.command("connectionStatus", showPrivileges=True)["authInfo"]
    if not login["authenticatedUsers"]:
        return "It asks for no user: whoever reaches it may read and change everything."
    may_change = [name for name in APPEND_ONLY if _may_change(login["authenticatedUserPrivileges"], db.name, name)]
    if not may_change:
        return "Its user adds to the audit log and cannot change it."
    return "Its user may change the audit log; docs/servers.md has a role that may not."


def _may_change(privileges: list[Doc], database: str, collection: str) -> bool:
    places = {(db, name) for db in (database, "") for name in (collection, "")}
    return any(
        (
            "anyResource" in privilege["resource"]
            or (privilege["resource"].get("db"), privilege["resource"].get("collection")) in places
        )
        and CHANGES.intersection(privilege["actions"])
        for privilege in privileges
    )


def _kind(hello: dict[str, Any]) -> str:
    if hello.get("msg") == "isdbgrid":
        return "a sharded cluster"
    return f"replica set {hello['setName']}" if "setName" in hello else "a standalone server"


def _faults(hello: dict[str, Any], version: Sequence[int]) -> list[Fault]:
    faults = []
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        faults.append(_standalone())
    if not hello.get("isWritablePrimary"):
        faults.append(problem("It is not the primary.", "Name the whole set in CRM_MONGODB_URI (replicaSet=...)."))
    if tuple(version[:2]) < OLDEST:
        faults.append(problem(f"It is older than {OLDEST[0]}.{OLDEST[1]}.", "Move to a newer MongoDB."))
    return faults


def _standalone() -> Fault:
    return problem(
        "It is no replica set, so it has no transactions and nothing can be stored.",
        "Start mongod with --replSet rs0, run rs.initiate() in mongosh once (one member is enough), and add "
        "?replicaSet=rs0 to CRM_MONGODB_URI; or unset it, and the app starts a MongoDB of its own.",
    )


def _to_fault(exc: Exception, places: Places) -> Fault:
    """In words that quote no address: one that is badly written could show a part of its password."""
    if isinstance(exc, ConnectionFailure | ExecutionTimeout):
        reason = str(exc).partition(" (configured")[0].partition(", Timeout:")[0]
        return problem(f"MongoDB gives no answer within {ANSWER_S} s: {reason}.", places.remedy(_CHILD, _VARIABLE))
    if isinstance(exc, ConfigurationError | ValueError):
        return problem(
            "The address of MongoDB cannot be read, or its name is not found.",
            "Correct CRM_MONGODB_URI; signs such as @ : / in user and password are written as %40 %3A %2F.",
        )
    code = exc.code if isinstance(exc, OperationFailure) else None
    if code in _REFUSED_LOGIN:
        return problem("MongoDB refuses the user or the password.", "Correct both in CRM_MONGODB_URI.")
    if code in _FORBIDDEN:
        advice = f"Give it the role readWrite on {places.settings.mongodb_database}."
        return problem("The user may not read the database.", advice)
    return problem(f"MongoDB answers with an error, {type(exc).__name__} {code or ''}.", "Its own log says more.")
