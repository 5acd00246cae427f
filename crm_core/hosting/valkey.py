"""The embedded valkey-server: every write on disk before it is answered, never evicting, with two users.

The app's may read and write every key and nothing else; the other, Valkey's ``default``, may do all and is used by none
of our processes.
"""

import hashlib
import time
from collections.abc import Callable
from urllib.parse import quote

import redis

from crm_core.errors import Unavailable
from crm_core.hosting.folder import DataFolder, Secrets
from crm_core.hosting.programs import find_valkey
from crm_core.hosting.supervisor import ChildSpec
from crm_core.infra.app_role import APP_RIGHTS
from crm_core.infra.private_files import write_private

NAME = "valkey"
APP_USER = "clientnest"
SYNC = "always"
"""When the append-only file is on disk: before each answer."""
START_TIMEOUT_S = 60.0


def valkey_spec(folder: DataFolder, secrets: Secrets, port: int) -> ChildSpec:
    """Write what valkey-server needs to start. Raises NoEmbeddedServers where there is none."""
    data, config = folder.path / "valkey", folder.path / "valkey.conf"
    data.mkdir(exist_ok=True, mode=0o700)
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "requirepass": secrets.valkey_admin_password,
        "user": f"{APP_USER} on {_digest(secrets.valkey_password)} {APP_RIGHTS}",
        "dir": _quoted(str(data)),
        "save": '""',
        "appendonly": "yes",
        "appendfsync": SYNC,
        "maxmemory-policy": "noeviction",
    }
    write_private(config, "".join(f"{name} {value}\n" for name, value in options.items()))
    return ChildSpec(NAME, (str(find_valkey()), str(config)), folder.logs / "valkey.log", folder.path)


def redis_url(secrets: Secrets, port: int) -> str:
    """Of the app's user."""
    return f"redis://{APP_USER}:{quote(secrets.valkey_password)}@127.0.0.1:{port}/0"


def valkey_administrator_url(secrets: Secrets, port: int) -> str:
    """Of the one who may do all: for repairs, and tests."""
    return f"redis://:{quote(secrets.valkey_admin_password)}@127.0.0.1:{port}/0"


def _digest(password: str) -> str:
    """As an access list has it. Source: Valkey, "ACL"."""
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"


def _quoted(word: str) -> str:
    """Write a word for the configuration file. Source: Valkey, ``sdssplitargs``."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def wait_for_valkey(url: str, check: Callable[[], None]) -> None:
    """Wait until it answers. check: raises when it is no use to go on waiting. Raises Unavailable after 60 s."""
    deadline = time.monotonic() + START_TIMEOUT_S
    with redis.Redis.from_url(url) as client:
        while time.monotonic() < deadline:
            check()
            try:
                client.ping()
            except (redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError):
                time.sleep(0.02)
            else:
                return
    raise Unavailable("The embedded Valkey does not answer; logs/valkey.log in the data folder may say why.")
