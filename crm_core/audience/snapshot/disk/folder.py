"""The folder of the copy: private, replaced in one step, gone when it is told so."""

import contextlib
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from crm_core.audience.snapshot.disk.files import Damaged

FOLDER_MODE, FILE_MODE = 0o700, 0o600
SPARE_BYTES = 500_000_000
"""What is left to others on the disk."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class NoRoom(Exception):
    """The disk is nearly full."""


class CopyFolder:
    """Of one process; others may use the same folder. A copy that one of them has written does for all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file, self._draft = path / "columns", path / "columns.new"
        self._lock = FileLock(path / "lock", timeout=0, mode=FILE_MODE)
        self._guard = threading.Lock()
        self._times_forgotten = 0

    @property
    def times_forgotten(self) -> int:
        return self._times_forgotten

    def prepare(self) -> None:
        """Make it, and remove what a killed process has begun. Raises OSError where it cannot be used."""
        self._path.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        if self._path.stat().st_mode & _OTHERS:
            self._path.chmod(FOLDER_MODE)
        with contextlib.suppress(Timeout), self._lock:
            self._draft.unlink(missing_ok=True)

    def open(self) -> BinaryIO:
        """Unbuffered. Raises OSError, and Damaged for a file that others may have changed."""
        file = open(self._path / self._file, "rb", buffering=0, opener=_open_own)  # noqa: SIM115
        try:
            _check_private(file.fileno())
        except BaseException:
            file.close()
            raise
        return file

    def write(self, fill: Callable[[BinaryIO], None], *, size: int, times_forgotten: int) -> bool:
        """Replace what is there; whoever is killed meanwhile has changed nothing. size: about that many bytes.

        times_forgotten: when that was which is written; if the copy was forgotten since, it is not. Returns whether it
        was written: it is not, either, while another process writes. Raises OSError, NoRoom.
        """
        with contextlib.suppress(Timeout), self._lock:
            try:
                self._draft.unlink(missing_ok=True)
                if shutil.disk_usage(self._path).free < size + SPARE_BYTES:
                    raise NoRoom
                with open(self._draft, "xb", opener=_open_own) as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
                return self._publish(times_forgotten)
            finally:
                self._draft.unlink(missing_ok=True)
        return False

    def _publish(self, times_forgotten: int) -> bool:
        with self._guard:
            if self._times_forgotten != times_forgotten:
                return False
            self._draft.replace(self._file)
        with contextlib.suppress(OSError):  # not every system can
            folder = os.open(self._path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return True

    def forget(self) -> None:
        """Also what is being written now. Raises OSError."""
        with self._guard:
            self._times_forgotten += 1
            self._file.unlink(missing_ok=True)


def _open_own(path: str, flags: int) -> int:
    """Follows no link."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), FILE_MODE)


def _check_private(number: int) -> None:
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode):
        raise Damaged("it is no plain file")
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & _OTHERS):
        raise Damaged("it is somebody else's, or open to others")
