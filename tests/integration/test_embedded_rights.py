"""What the app's users may do in the embedded servers, and what the app's processes are told of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pymongo
import pytest
import redis
from pymongo.errors import OperationFailure

from crm_core.hosting.folder import DataFolder, UnusableFolder
from crm_core.hosting.platform import open_platform
from crm_core.hosting.runtime_file import read_runtime
from crm_core.infra.mongo import COLLECTIONS, Db
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.databases import as_administrator


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A platform as the app opens it."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("rights"), mongodb_cache_gb=0.25)
    with open_platform(settings, workers=False) as opened:
        yield opened


@pytest.fixture
def app(ready: Settings) -> Iterator[Services]:
    services = build_services(ready)
    yield services
    services.close()


def expect_refusal(act: Callable[[], Any]) -> None:
    with pytest.raises(OperationFailure, match="not authorized"):
        act()


def test_the_app_reads_and_writes_its_collections(app: Services) -> None:
    for name in set(COLLECTIONS) - {"audit", "workspace"}:
        collection = app.db[name]
        collection.insert_one({"_id": "x"})
        collection.update_one({"_id": "x"}, {"$set": {"seen": True}})
        assert collection.find_one({"_id": "x"}, {"seen": 1}) == {"_id": "x", "seen": True}
        collection.delete_one({"_id": "x"})


CHANGES_OF_THE_AUDIT_LOG: dict[str, Callable[[Db], Any]] = {
    "update": lambda db: db.audit.update_many({}, {"$set": {"actor": "other"}}),
    "replace": lambda db: db.audit.replace_one({"_id": 1}, {}, upsert=True),
    "delete": lambda db: db.audit.delete_many({}),
    "drop": lambda db: db.audit.drop(),
    "expire": lambda db: db.audit.create_index("at", name="soon", expireAfterSeconds=0),
    "shorten": lambda db: db.command("collMod", "audit", index={"name": "at_-1", "expireAfterSeconds": 0}),
    "rename": lambda db: db.audit.rename("gone"),
    "merge into": lambda db: db.customers.aggregate([{"$merge": {"into": "audit"}}]),
    "put in its place": lambda db: db.customers.aggregate([{"$out": "audit"}]),
    "validate": lambda db: db.command("collMod", "audit", validator={"nothing": 1}),
}


@pytest.mark.parametrize("name", CHANGES_OF_THE_AUDIT_LOG)
def test_the_app_adds_to_the_audit_log_and_cannot_change_it(app: Services, name: str) -> None:
    entry = {"actor": "somebody", "for": name}
    app.db.audit.insert_one(entry)
    expect_refusal(lambda: CHANGES_OF_THE_AUDIT_LOG[name](app.db))
    assert app.db.audit.find_one({"for": name}) == entry


def test_the_audit_log_has_its_indexes(app: Services) -> None:
    assert {"at_-1", "action_1_at_-1__id_-1"} <= app.db.audit.index_information().keys()


OTHER_THINGS: dict[str, Callable[[Db], Any]] = {
    "another database": lambda db: db.client.other.customers.find_one(),
    "a collection of no use": lambda db: db.other.insert_one({}),
    "users": lambda db: db.client.admin.command("usersInfo", 1),
    "its own rights": lambda db: db.client.admin.command("grantRolesToUser", "clientnest", roles=["root"]),
    "the server's settings": lambda db: db.client.admin.command("setParameter", 1, logLevel=5),
    "the server": lambda db: db.client.admin.command("shutdown"),
    "what others do": lambda db: list(db.client.admin.aggregate([{"$currentOp": {"allUsers": True}}])),
    "the operations log": lambda db: db.client.local["oplog.rs"].find_one(),
    "the database as a whole": lambda db: db.client.drop_database(db.name),
}


@pytest.mark.parametrize("name", OTHER_THINGS)
def test_the_app_may_not_touch(app: Services, name: str) -> None:
    expect_refusal(lambda: OTHER_THINGS[name](app.db))


FORBIDDEN_IN_VALKEY = (
    *(
        "CONFIG GET requirepass",
        "CONFIG SET appendonly no",
        "CONFIG REWRITE",
        "ACL LIST",
        "ACL SETUSER clientnest +@all",
    ),
    *(
        "SHUTDOWN NOSAVE",
        "DEBUG SLEEP 0",
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 1",
        "KEYS *",
        "SAVE",
        "BGSAVE",
        "BGREWRITEAOF",
    ),
    *(
        "MODULE LIST",
        "MODULE LOAD /tmp/x.so",
        "REPLICAOF 127.0.0.1 1",
        "FAILOVER",
        "CLUSTER RESET",
        "MONITOR",
        "PSYNC ? -1",
    ),
    *(
        "SLOWLOG GET",
        "LATENCY RESET",
        "CLIENT LIST",
        "CLIENT KILL TYPE normal",
        "CLIENT PAUSE 1",
        "MIGRATE 127.0.0.1 1 k 0 1",
    ),
    *("RESTORE k 0 x", "SORT k", "SCRIPT FLUSH", "SCRIPT KILL", "FUNCTION FLUSH", "FUNCTION LOAD x", "PUBLISH c x"),
)


@pytest.mark.parametrize("command", FORBIDDEN_IN_VALKEY)
def test_the_app_s_user_in_valkey_may_not(app: Services, command: str) -> None:
    client: Any = app.redis
    with pytest.raises(redis.exceptions.ResponseError, match=r"no permissions|command not allowed"):
        client.execute_command(*command.split())


def test_a_script_of_the_app_s_user_in_valkey_may_do_no_more(app: Services) -> None:
    for command in ("FLUSHALL", "KEYS *", "CONFIG GET requirepass"):
        with pytest.raises(redis.exceptions.ResponseError, match=r"(?i)ACL|permission|not allowed from script"):
            app.redis.eval("return redis.call(unpack(ARGV))", 0, *command.split())


def test_the_app_s_user_in_valkey_reads_and_writes_and_tells_of_the_server(app: Services) -> None:
    app.redis.set("any key", 1)
    assert app.redis.eval("return redis.call('INCR', KEYS[1])", 1, "any key") == 2
    assert app.redis.delete("any key") == 1
    assert cast("dict[str, object]", app.redis.info("persistence"))["aof_enabled"] == 1


def test_without_a_password_valkey_does_nothing(ready: Settings) -> None:
    address = urlsplit(str(ready.redis_url))
    with redis.Redis(port=address.port or 0) as client, pytest.raises(redis.exceptions.AuthenticationError):
        client.ping()


def test_other_processes_are_told_the_limited_users(ready: Settings) -> None:
    runtime, administrator = read_runtime(ready.data_dir), as_administrator(ready)
    assert runtime
    assert (ready.mongodb_uri, ready.redis_url) == (runtime.mongodb_uri, runtime.redis_url)
    files = [path for path in ready.data_dir.iterdir() if path.is_file()]
    for told, all_rights, holders in (
        (runtime.mongodb_uri, administrator.mongodb_uri, {"secrets.json"}),
        (runtime.redis_url, administrator.redis_url, {"secrets.json", "valkey.conf"}),
    ):
        assert urlsplit(told).username == "clientnest"
        password = urlsplit(str(all_rights)).password
        assert password
        assert {path.name for path in files if password in path.read_text()} == holders


def test_a_database_of_another_name_is_allowed_at_the_next_start(tmp_path: Path) -> None:
    for name in ("clientnest", "second"):
        settings = Settings(data_dir=tmp_path, mongodb_cache_gb=0.25, mongodb_database=name)
        with open_platform(settings, workers=False) as opened:
            services = build_services(opened)
            services.db.customers.insert_one({"_id": name})
            services.close()


def make_old_folder(settings: Settings) -> None:
    """As an earlier version left it: one user with all rights, no administrator's password, and old data."""
    with (
        open_platform(settings, workers=False) as opened,
        pymongo.MongoClient[Any](as_administrator(opened).mongodb_uri) as client,
    ):
        client.admin.command("updateUser", "clientnest", roles=["root"])
        client.admin.command("dropRole", "clientnestApp")
        db = client[settings.mongodb_database]
        db.workspace.update_one({"_id": "data_version"}, {"$set": {"version": 0}})
        db.audit.insert_one({"_id": "old", "actor": "key:import"})
        db.imports.insert_one({"_id": "i1", "state": "done", "kind": "orders", "created_at": None})
        client.admin.command("dropUser", "clientnest-admin")
    path = settings.data_dir / "secrets.json"
    secrets = DataFolder(settings.data_dir).load_secrets()
    path.write_text(secrets.model_dump_json(exclude={"mongodb_admin_password", "valkey_admin_password"}))


def test_a_folder_whose_user_had_all_rights_is_brought_over(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mongodb_cache_gb=0.25)
    make_old_folder(settings)
    for _ in range(2):
        with open_platform(settings, workers=False) as opened:
            services = build_services(opened)
            entry = services.db.audit.find_one({"_id": "old"})
            assert entry
            assert entry["actor_kind"] == "key"
            assert services.db.jobs.count_documents({"_id": "i1"}) == 1
            expect_refusal(lambda db=services.db: db.audit.delete_many({}))  # type: ignore[misc]
            expect_refusal(lambda db=services.db: db.client.admin.command("usersInfo", 1))  # type: ignore[misc]
            with pytest.raises(redis.exceptions.NoPermissionError):
                services.redis.flushall()
            services.close()


def test_a_lost_administrator_password_is_told(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mongodb_cache_gb=0.25)
    with open_platform(settings, workers=False):
        pass
    secrets = DataFolder(tmp_path).load_secrets()
    (tmp_path / "secrets.json").write_text(secrets.model_dump_json(exclude={"mongodb_admin_password"}))
    with pytest.raises(UnusableFolder, match="has another password"), open_platform(settings):
        pass
