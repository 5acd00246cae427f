"""The data folder: who owns it, the passwords in it, and what other processes need to attach."""

import contextlib
import json
import secrets
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel

from crm_core.errors import Unavailable
from crm_core.infra.private_files import write_private

RUNTIME_NAME = "runtime.json"
ATTACH_TIMEOUT_S = 30.0
ORPHAN_TIMEOUT_S = 15.0


class Secrets(BaseModel):
    """Made once per data folder. mongodb_key: what the members of the replica set share."""

    mongodb_password: str
    mongodb_key: str
    valkey_password: str
    vendor_secret: str


class ChildMark(BaseModel):
    """Identifies a process beyond the reuse of its pid. created_at: Unix seconds."""

    pid: int
    created_at: float


class RuntimeFile(BaseModel):
    """What the running app tells other processes on this machine; it carries passwords, so mode 0600."""

    owner_pid: int
    is_ready: bool
    app_url: str | None = None
    mongodb_uri: str
    redis_url: str
    vendor_url: str | None = None
    vendor_secret: str
    children: dict[str, ChildMark] = {}

    @property
    def is_alive(self) -> bool:
        """Whether its owner still runs; one that was killed leaves the file behind."""
        return psutil.pid_exists(self.owner_pid)


class DataFolder:
    """``CRM_DATA_DIR`` and the files in it that are ours."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.logs = self.path / "logs"
        for folder in (self.path, self.logs):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def lock_path(self) -> Path:
        return self.path / "clientnest.lock"

    def load_secrets(self) -> Secrets:
        """The folder's passwords, made on first use."""
        path = self.path / "secrets.json"
        if not path.exists():
            made = Secrets(
                mongodb_password=secrets.token_urlsafe(32),
                mongodb_key=secrets.token_hex(64),
                valkey_password=secrets.token_urlsafe(32),
                vendor_secret=secrets.token_urlsafe(32),
            )
            write_private(path, made.model_dump_json())
        return Secrets.model_validate_json(path.read_text())

    def pick_port(self, name: str) -> int:
        """The port that ``name`` had last time if it is free, else any free one."""
        path = self.path / "ports.json"
        ports: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
        if not is_free(ports.get(name, 0)):
            ports[name] = free_port()
            write_private(path, json.dumps(ports))
        return ports[name]

    def write_runtime(self, runtime: RuntimeFile) -> None:
        write_private(self._runtime_path, runtime.model_dump_json(indent=2))

    def read_runtime(self) -> RuntimeFile | None:
        with contextlib.suppress(FileNotFoundError):
            return RuntimeFile.model_validate_json(self._runtime_path.read_text())
        return None

    def remove_runtime(self) -> None:
        self._runtime_path.unlink(missing_ok=True)

    def wait_for_runtime(self) -> RuntimeFile:
        """What the owner wrote once its servers were up. Raises Unavailable when it takes too long."""
        deadline = time.monotonic() + ATTACH_TIMEOUT_S
        while time.monotonic() < deadline:
            runtime = self.read_runtime()
            if runtime is not None and runtime.is_ready and runtime.is_alive:
                return runtime
            time.sleep(0.1)
        raise Unavailable(f"Another process owns {self.path}, but did not finish starting its servers.")

    def end_orphans(self) -> None:
        """Wait for, then kill, what an owner that was killed left running: it holds the database's files."""
        runtime = self.read_runtime()
        if runtime is None:
            return
        left = [process for mark in runtime.children.values() if (process := _find(mark))]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        _, alive = psutil.wait_procs(left, timeout=ORPHAN_TIMEOUT_S)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=ORPHAN_TIMEOUT_S)
        self.remove_runtime()

    @property
    def _runtime_path(self) -> Path:
        return self.path / RUNTIME_NAME


def mark_children(pids: Mapping[str, int]) -> dict[str, ChildMark]:
    marks: dict[str, ChildMark] = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            marks[name] = ChildMark(pid=pid, created_at=psutil.Process(pid).create_time())
    return marks


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    if not port:
        return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _find(mark: ChildMark) -> psutil.Process | None:
    try:
        process: Any = psutil.Process(mark.pid)
        return process if abs(process.create_time() - mark.created_at) < 1 else None
    except psutil.NoSuchProcess:
        return None
