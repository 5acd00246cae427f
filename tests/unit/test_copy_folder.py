"""The folder of the snapshot's copy, as several processes and a stopped writer leave it."""

from pathlib import Path
from typing import BinaryIO

import pytest
from filelock import FileLock

from crm_core.audience.snapshot.disk.folder import CopyFolder


@pytest.fixture
def folder(tmp_path: Path) -> CopyFolder:
    made = CopyFolder(tmp_path / "snapshot")
    made.prepare()
    assert write(made, b"first")
    return made


def write(folder: CopyFolder, data: bytes) -> bool:
    def fill(file: BinaryIO) -> None:
        file.write(data)

    return folder.write(fill, size=len(data), times_forgotten=folder.times_forgotten)


def read(folder: CopyFolder) -> bytes:
    with folder.open() as file:
        return file.read()


def names(path: Path) -> set[str]:
    return {each.name for each in path.iterdir()} - {"lock"}


def test_while_another_process_writes_nothing_is_written(folder: CopyFolder, tmp_path: Path) -> None:
    draft = tmp_path / "snapshot" / "columns.new"
    with FileLock(tmp_path / "snapshot" / "lock"):
        draft.write_bytes(b"of the other")
        assert not write(folder, b"second")
        CopyFolder(tmp_path / "snapshot").prepare()
        assert draft.read_bytes() == b"of the other"
    assert read(folder) == b"first"
    assert write(folder, b"second")
    assert (read(folder), names(tmp_path / "snapshot")) == (b"second", {"columns"})


def test_what_is_forgotten_while_it_is_written_does_not_come_back(folder: CopyFolder, tmp_path: Path) -> None:
    def fill(file: BinaryIO) -> None:
        file.write(b"with somebody who is erased now")
        folder.forget()

    assert not folder.write(fill, size=0, times_forgotten=folder.times_forgotten)
    assert names(tmp_path / "snapshot") == set()


def test_a_write_that_fails_leaves_what_was_there(folder: CopyFolder, tmp_path: Path) -> None:
    def fill(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        folder.write(fill, size=0, times_forgotten=folder.times_forgotten)
    assert (read(folder), names(tmp_path / "snapshot")) == (b"first", {"columns"})


def test_a_folder_that_others_may_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "snapshot").mkdir(mode=0o755)
    CopyFolder(tmp_path / "snapshot").prepare()
    assert (tmp_path / "snapshot").stat().st_mode & 0o777 == 0o700
