"""Modes of the data folder: what is in it is for its owner alone, also what an earlier version or a restore left."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

log = structlog.stdlib.get_logger(__name__)

UMASK = 0o077
"""Of the processes that write there."""
FOLDER_MODE, FILE_MODE = 0o700, 0o600
FOLDERS = ("imports", "logs", "mongodb", "snapshot", "valkey")
FILES = (
    "clientnest.lock",
    "mongodb.key",
    "ports.json",
    "runtime.json",
    "secrets.json",
    "valkey.conf",
    "vendor.sqlite*",
)
"""What is ours in the data folder; anything else in it is left as it is."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_to_others(folder: Path) -> Iterator[Path]:
    """The data folder, and what is ours in it, where others than the owner may read or write.

    Raises OSError for a part that cannot be read.
    """
    for path in _ours(folder):
        with contextlib.suppress(FileNotFoundError):  # the servers make and remove files meanwhile
            if not path.is_symlink() and path.stat().st_mode & _OTHERS:
                yield path


def make_private(folder: Path) -> None:
    """Take from others what they may do there. Where the system refuses that, it is logged, and the doctor says it."""
    for path in open_to_others(folder):
        try:
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)
        except FileNotFoundError:
            continue
        except OSError as exc:
            log.warning("open to others", path=str(path), error=exc.strerror)


def _ours(folder: Path) -> Iterator[Path]:
    if _is_our_own(folder):
        yield folder
    for pattern in FILES:
        yield from folder.glob(pattern)
    for name in FOLDERS:
        place = (folder / name).resolve()  # it may be a link to another disk
        yield place
        yield from place.rglob("*")


def _is_our_own(folder: Path) -> bool:
    """Whether it holds nothing but ours: a home folder or /tmp is not closed to the others who use it."""
    return all(path.name in FOLDERS or any(map(path.match, FILES)) for path in folder.iterdir())
