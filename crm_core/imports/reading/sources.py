"""A file to import: on disk, or an open binary file such as an upload."""

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from crm_core.errors import InvalidInput


@dataclass(frozen=True)
class FileSource:
    """name: for messages and to tell the format. Read from its start each time, by one reader at a time."""

    name: str
    opening: Callable[[], AbstractContextManager[BinaryIO]]

    @classmethod
    def of_path(cls, path: Path) -> Self:
        return cls(path.name, lambda: path.open("rb"))

    @classmethod
    def of_file(cls, file: BinaryIO, name: str) -> Self:
        """``file`` must be able to seek; it stays open."""
        return cls(name, lambda: nullcontext(file))

    @contextmanager
    def binary(self) -> Iterator[BinaryIO]:
        """The bytes, from the first."""
        with self.opening() as file:
            file.seek(0)
            yield file

    @contextmanager
    def text(self) -> Iterator[io.TextIOWrapper]:
        """The text, with its line ends as they are. Raises InvalidInput when it is not UTF-8."""
        with self.binary() as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            try:
                yield text
            except UnicodeDecodeError:
                raise not_utf8(self.name, self._undecodable_line(file)) from None
            finally:
                text.detach()  # else it closes the file, which may not be ours

    def _undecodable_line(self, file: BinaryIO) -> int:
        """The decoder works in blocks and cannot say it."""
        file.seek(0)
        return next((number for number, line in enumerate(file, start=1) if not _is_utf8(line)), 1)


def not_utf8(name: str, line: int) -> InvalidInput:
    return InvalidInput(f"{name} is not UTF-8: line {line} has other bytes. Save it as UTF-8.")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
