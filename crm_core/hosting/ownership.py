"""Who runs the servers of a data folder: one process at a time, which its lock file decides."""

import contextlib
import time
from collections.abc import Callable

import psutil
import structlog
from filelock import FileLock, Timeout

from crm_core.errors import Unavailable
from crm_core.hosting.folder import DataFolder
from crm_core.hosting.runtime_file import RuntimeFile, UnreadableRuntime, end_orphans

log = structlog.stdlib.get_logger(__name__)

WAIT_TIMEOUT_S = 30.0
"""As long as a process may take to start its servers, or to stop them."""


def own_or_find_owner(
    lock: FileLock, folder: DataFolder, *, sleep: Callable[[float], None] = time.sleep
) -> RuntimeFile | None:
    """Return what the owner wrote once its servers are ready; None when the folder is ours and ``lock`` acquired.

    An owner that is starting is waited for, so is one that is stopping. Raises Unavailable when it takes too long.
    """
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    is_told = False
    while not _acquire(lock):
        runtime = folder.read_runtime()
        if runtime and runtime.is_ready and psutil.pid_exists(runtime.owner_pid):
            return runtime
        owner = f"process {runtime.owner_pid}" if runtime else "another process"
        if time.monotonic() > deadline:
            raise Unavailable(
                f"The data folder {folder.path} is used by {owner}, which does not finish starting or stopping its "
                "servers. End it, or set CRM_DATA_DIR to another folder."
            )
        if not is_told:
            log.warning("waiting for the data folder", folder=str(folder.path), used_by=owner)
            is_told = True
        sleep(0.1)
    return None


def clear_leftovers(folder: DataFolder) -> None:
    """End the processes and remove the file that an owner left when it was killed. For the owner of the lock."""
    with contextlib.suppress(UnreadableRuntime):  # of another version: its processes are unknown
        if runtime := folder.read_runtime():
            end_orphans(runtime)
    folder.remove_runtime()


def _acquire(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    return True
