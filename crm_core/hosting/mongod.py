"""The embedded mongod: a one-node replica set with a password, bound to 127.0.0.1."""

import contextlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, ConfigurationError, OperationFailure

from crm_core.errors import Unavailable
from crm_core.hosting.folder import DataFolder, Secrets, UnusableFolder
from crm_core.hosting.ports import is_listening
from crm_core.hosting.programs import find_mongod
from crm_core.hosting.supervisor import ChildSpec
from crm_core.infra.private_files import write_private

NAME = "mongod"
USER = "clientnest"
REPLICA_SET = "clientnest"
START_TIMEOUT_S = 90.0


def mongod_spec(folder: DataFolder, secrets: Secrets, port: int, cache_gb: float) -> ChildSpec:
    """Write what mongod needs to start. Raises NoEmbeddedServers where there is none."""
    data, key = folder.path / "mongodb", folder.path / "mongodb.key"
    data.mkdir(exist_ok=True, mode=0o700)
    write_private(key, secrets.mongodb_key)
    options = {
        "--port": str(port),
        "--bind_ip": "127.0.0.1",
        "--dbpath": str(data),
        "--replSet": REPLICA_SET,
        "--keyFile": str(key),
        "--wiredTigerCacheSizeGB": str(cache_gb),
        "--oplogSize": "256",
        "--networkMessageCompressors": "disabled",  # CVE-2025-14847: 6.0.5 leaks memory to compressed requests
        "--slowOpSampleRate": "0",  # a slow operation is logged with its documents: people; no option hides these alone
    }
    argv = [str(find_mongod()), "--auth", "--quiet", "--nounixsocket"]
    argv += [word for pair in options.items() for word in pair]
    for parameter in (
        "diagnosticDataCollectionEnabled=false",
        "shutdownTimeoutMillisForSignaledShutdown=100",
        "transactionLifetimeLimitSeconds=20",
    ):
        argv += ["--setParameter", parameter]
    return ChildSpec(NAME, tuple(argv), folder.logs / "mongod.log", folder.path, stop_s=30)


def mongodb_uri(secrets: Secrets, port: int) -> str:
    return (
        f"mongodb://{USER}:{quote(secrets.mongodb_password)}@127.0.0.1:{port}/"
        f"?replicaSet={REPLICA_SET}&authSource=admin"
    )


def prepare_mongod(secrets: Secrets, port: int, check: Callable[[], None]) -> None:
    """Wait until mongod answers, and make it the primary of its own set with our one user.

    check: raises when it is no use to go on waiting. Raises Unavailable after 90 s.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        check()
        with contextlib.suppress(AutoReconnect, ConfigurationError):
            # Asked first, since the driver waits half a second before it tries a closed port again.
            if is_listening(port) and _is_prepared(secrets, port):
                return
        time.sleep(0.02)
    raise Unavailable("The embedded MongoDB does not answer; logs/mongod.log in the data folder may say why.")


def _is_prepared(secrets: Secrets, port: int) -> bool:
    """Go one step towards a primary that knows our user. Return whether it is there."""
    with _direct(port, secrets) as client:
        try:
            _follow_port(client, port)
            return bool(client.admin.command("hello")["isWritablePrimary"])
        except OperationFailure as exc:
            if exc.details is None or exc.details.get("codeName") != "AuthenticationFailed":
                raise
    with _direct(port) as client:  # no user yet: the localhost exception lets us make the first
        _initiate(client, port)
        if client.admin.command("hello")["isWritablePrimary"]:
            _create_user(client, secrets)
    return False


def _create_user(client: MongoClient[dict[str, Any]], secrets: Secrets) -> None:
    try:
        client.admin.command("createUser", USER, pwd=secrets.mongodb_password, roles=["root"])
    except OperationFailure as exc:  # there is a user already, whose password is another
        raise UnusableFolder(
            "The database in the data folder has another password than its secrets.json. Put back the secrets.json "
            "that belongs to it, or set CRM_DATA_DIR to a new folder to start empty."
        ) from exc


def _initiate(client: MongoClient[dict[str, Any]], port: int) -> None:
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]}
    with contextlib.suppress(OperationFailure):  # already initiated, before a crash kept us from the user
        client.admin.command("replSetInitiate", config)


def _follow_port(client: MongoClient[dict[str, Any]], port: int) -> None:
    """A member remembers its address; on another port it is no member of its own set until told."""
    host = f"127.0.0.1:{port}"
    config = client.admin.command("replSetGetConfig")["config"]
    if config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


@contextlib.contextmanager
def _direct(port: int, secrets: Secrets | None = None) -> Any:
    login: dict[str, Any] = {"username": USER, "password": secrets.mongodb_password} if secrets else {}
    client: MongoClient[dict[str, Any]] = MongoClient(
        "127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500, **login
    )
    with client:
        yield client
