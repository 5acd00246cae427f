"""The data folder: whether it can be used, the passwords in it, and the ports of its servers."""

import contextlib
import errno
import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from crm_core.errors import CrmError
from crm_core.hosting.ports import free_port, is_free
from crm_core.hosting.runtime_file import LOCK_NAME, RUNTIME_NAME, RuntimeFile, read_runtime
from crm_core.infra.private_files import write_private

MIN_FREE_BYTES = 200_000_000
"""MongoDB alone writes a journal of 100 MB before the first record. A server on a full disk breaks off."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


class UnusableFolder(CrmError):
    """The data folder cannot be used; says why and what to do."""


class Secrets(BaseModel):
    """Made once per data folder. mongodb_password, valkey_password: of the app's users. mongodb_key: what the members
    of the replica set share."""

    mongodb_admin_password: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    valkey_admin_password: str = Field(default_factory=lambda: secrets.token_urlsafe(32))
    mongodb_password: str
    mongodb_key: str
    valkey_password: str
    vendor_secret: str


class DataFolder:
    """``CRM_DATA_DIR`` and the files in it that are ours. Raises UnusableFolder where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        with self.faults_in_words():
            self.path = path.resolve()
            for folder in (self.path, self.logs):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def lock_path(self) -> Path:
        return self.path / LOCK_NAME

    @contextlib.contextmanager
    def faults_in_words(self) -> Iterator[None]:
        """Turn the system's refusal of a file into UnusableFolder."""
        try:
            yield
        except OSError as exc:
            reason = exc.strerror or str(exc)
            where = f" ({exc.filename})" if exc.filename and str(exc.filename) != str(self.path) else ""
            raise UnusableFolder(
                f"The data folder {self.path} cannot be used: {reason}{where}. {_remedy(exc.errno)}"
            ) from exc

    def check_space(self) -> None:
        """Raise UnusableFolder where the servers would soon run out of room."""
        free = shutil.disk_usage(self.path).free
        if free < MIN_FREE_BYTES:
            raise UnusableFolder(
                f"The disk of the data folder {self.path} has {free // 1_000_000} MB free, and the servers need at "
                f"least {MIN_FREE_BYTES // 1_000_000} MB. {_remedy(errno.ENOSPC)}"
            )

    def load_secrets(self) -> Secrets:
        """Return the folder's passwords, made on first use."""
        path = self.path / "secrets.json"
        if not path.exists():
            fresh = Secrets(
                mongodb_password=secrets.token_urlsafe(32),
                mongodb_key=secrets.token_hex(64),
                valkey_password=secrets.token_urlsafe(32),
                vendor_secret=secrets.token_urlsafe(32),
            )
            write_private(path, fresh.model_dump_json())
        try:
            found = Secrets.model_validate_json(path.read_bytes())
        except ValidationError:
            raise UnusableFolder(
                f"{path} was changed outside ClientNest: it holds the passwords of the databases in this folder. Put "
                "it back from a backup, or set CRM_DATA_DIR to a new folder to start empty."
            ) from None  # the cause would quote passwords
        if found.model_fields_set != Secrets.model_fields.keys():  # of a version that had fewer
            write_private(path, found.model_dump_json())
        return found

    def pick_port(self, name: str) -> int:
        """Return the port that ``name`` had last time if it is free, else any free one."""
        path = self.path / "ports.json"
        ports = _read_ports(path)
        port = ports.get(name)
        if port is None or not is_free(port):
            port = ports[name] = free_port()
            write_private(path, json.dumps(ports))
        return port

    def read_runtime(self) -> RuntimeFile | None:
        return read_runtime(self.path)

    def write_runtime(self, runtime: RuntimeFile) -> None:
        write_private(self.path / RUNTIME_NAME, runtime.model_dump_json(indent=2))

    def remove_runtime(self) -> None:
        (self.path / RUNTIME_NAME).unlink(missing_ok=True)


def _read_ports(path: Path) -> dict[str, int]:
    """Return the ports of last time; none if the file is damaged, for any others do as well."""
    try:
        ports = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(ports, dict):
        return {}
    return {name: port for name, port in ports.items() if isinstance(port, int) and 0 < port < 65_536}


def _remedy(code: int | None) -> str:
    if code in _FULL:
        return "Free some space, or set CRM_DATA_DIR to a folder on another disk."
    return "Set CRM_DATA_DIR to a folder that this user may write to."
