"""What the process that runs the servers tells other processes on this machine, and which processes it started."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import psutil
from filelock import FileLock, Timeout
from pydantic import BaseModel

from crm_core.errors import Unavailable
from crm_core.hosting.private_folder import FILE_MODE

RUNTIME_NAME = "runtime.json"
LOCK_NAME = "clientnest.lock"
ORPHAN_TIMEOUT_S = 15.0


class ChildMark(BaseModel):
    """Identifies a process beyond the reuse of its pid. created_at: Unix seconds."""

    pid: int
    created_at: float


class RuntimeFile(BaseModel):
    """Addresses of the servers, with their passwords (so mode 0600), and the processes of the owner.

    is_ready: whether the servers can be used; not yet while they start, no more while they stop.
    """

    owner_pid: int
    is_ready: bool
    app_url: str | None = None
    mongodb_uri: str
    redis_url: str
    vendor_url: str | None = None
    vendor_secret: str
    children: dict[str, ChildMark] = {}


class UnreadableRuntime(Unavailable):
    """There is a runtime file, and it cannot be used."""


def read_runtime(folder: Path) -> RuntimeFile | None:
    """Return what the owner of the data folder wrote, which a killed owner leaves behind. Raises UnreadableRuntime."""
    path = folder / RUNTIME_NAME
    try:
        return RuntimeFile.model_validate_json(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise UnreadableRuntime(f"{path} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:  # of bytes that are no text, or not the fields
        raise UnreadableRuntime(f"{path} cannot be read: it is of another version, or damaged.") from exc


def is_owned(folder: Path) -> bool:
    """Return whether a process owns the data folder now.

    The lock says so, since the system releases it when its owner is killed; a pid may be another process's by then.
    """
    try:
        with FileLock(folder / LOCK_NAME, timeout=0, mode=FILE_MODE):
            return False
    except Timeout:
        return True
    except OSError:  # nobody owns a folder that cannot be written to
        return False


def mark_children(pids: Mapping[str, int]) -> dict[str, ChildMark]:
    marks: dict[str, ChildMark] = {}
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            marks[name] = ChildMark(pid=pid, created_at=psutil.Process(pid).create_time())
    return marks


def end_orphans(runtime: RuntimeFile) -> None:
    """End what a killed owner left running, which holds the database's files: ask first, then kill."""
    orphans = [process for mark in runtime.children.values() if (process := _find(mark))]
    for process in orphans:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(orphans, timeout=ORPHAN_TIMEOUT_S)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=ORPHAN_TIMEOUT_S)


def _find(mark: ChildMark) -> psutil.Process | None:
    try:
        process = psutil.Process(mark.pid)
        return process if abs(process.create_time() - mark.created_at) < 1 else None
    except psutil.NoSuchProcess:
        return None
