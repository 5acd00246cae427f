"""The embedded mongod: a one-node replica set with passwords, bound to 127.0.0.1."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from pymongo.errors import AutoReconnect, ConfigurationError, OperationFailure

from crm_core.errors import Unavailable
from crm_core.hosting.folder import DataFolder, Secrets
from crm_core.hosting.mongod_users import (
    ADMINISTRATOR,
    APP_USER,
    Client,
    create_administrator,
    ensure_app_user,
    is_refused_login,
    is_unauthorized,
    wrong_passwords,
)
from crm_core.hosting.ports import is_listening
from crm_core.hosting.programs import find_mongod
from crm_core.hosting.supervisor import ChildSpec
from crm_core.infra.private_files import write_private

NAME = "mongod"
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
    """The address for the app, its workers and its commands, with the user that has the app's rights only."""
    return _uri(APP_USER, secrets.mongodb_password, port)


def administrator_uri(secrets: Secrets, port: int) -> str:
    """For the start alone: no other process is told."""
    return _uri(ADMINISTRATOR, secrets.mongodb_admin_password, port)


def _uri(user: str, password: str, port: int) -> str:
    return f"mongodb://{user}:{quote(password)}@127.0.0.1:{port}/?replicaSet={REPLICA_SET}&authSource=admin"


def prepare_mongod(secrets: Secrets, port: int, database: str, check: Callable[[], None]) -> None:
    """Wait until mongod answers, and make it the primary of its own set with our two users.

    database: the one that the app's user may use. check: raises when it is no use to go on waiting. Raises
    UnusableFolder, and Unavailable after 90 s.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        check()
        with contextlib.suppress(AutoReconnect, ConfigurationError):
            # Asked first, since the driver waits half a second before it tries a closed port again.
            if is_listening(port) and _is_prepared(secrets, port, database):
                return
        time.sleep(0.02)
    raise Unavailable("The embedded MongoDB does not answer; logs/mongod.log in the data folder may say why.")


def _is_prepared(secrets: Secrets, port: int, database: str) -> bool:
    """Go one step towards a primary that knows our users. Return whether it is there."""
    try:
        with _direct(port, ADMINISTRATOR, secrets.mongodb_admin_password) as client:
            _follow_port(client, port)
            if is_primary := _is_primary(client):
                ensure_app_user(client, secrets, database)
            return is_primary
    except OperationFailure as exc:
        if not is_refused_login(exc):
            raise
    if not _promote_former_user(secrets, port):
        with _direct(port) as client:  # no user yet: the localhost exception lets us make the first
            _initiate(client, port)
            if _is_primary(client):
                create_administrator(client, secrets)
    return False


def _promote_former_user(secrets: Secrets, port: int) -> bool:
    """Bring a folder over whose one user had all rights. Return whether that user is there."""
    try:
        with _direct(port, APP_USER, secrets.mongodb_password) as client:
            _follow_port(client, port)
            if _is_primary(client):
                create_administrator(client, secrets)
            return True
    except OperationFailure as exc:
        if is_unauthorized(exc):  # it was brought over, and its administrator has another password
            raise wrong_passwords() from exc
        if not is_refused_login(exc):
            raise
        return False


def _is_primary(client: Client) -> bool:
    return bool(client.admin.command("hello")["isWritablePrimary"])


def _initiate(client: Client, port: int) -> None:
    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": f"127.0.0.1:{port}"}]}
    with contextlib.suppress(OperationFailure):  # already initiated, before a crash kept us from the user
        client.admin.command("replSetInitiate", config)


def _follow_port(client: Client, port: int) -> None:
    """A member remembers its address; on another port it is no member of its own set until told."""
    host = f"127.0.0.1:{port}"
    config = client.admin.command("replSetGetConfig")["config"]
    if config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)


@contextlib.contextmanager
def _direct(port: int, user: str | None = None, password: str | None = None) -> Iterator[Client]:
    login: dict[str, Any] = {"username": user, "password": password} if user else {}
    with Client("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=500, **login) as client:
        yield client
