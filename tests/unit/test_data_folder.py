"""A data folder that cannot be used: each fault is a sentence that names the folder and what to do."""

import errno
import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from filelock import FileLock

from crm_core.errors import Conflict
from crm_core.hosting import folder as folders
from crm_core.hosting import ownership
from crm_core.hosting.folder import DataFolder, UnusableFolder
from crm_core.hosting.platform import open_platform
from crm_core.hosting.ports import is_free
from crm_core.hosting.runtime_file import RuntimeFile, UnreadableRuntime, is_owned
from crm_core.settings import Settings

Usage = namedtuple("Usage", "total used free")
NO_PID = 2**22 + 1  # above the largest that Linux gives


def runtime(*, is_ready: bool = True, app_url: str | None = None, owner_pid: int | None = None) -> RuntimeFile:
    return RuntimeFile(
        owner_pid=owner_pid or os.getpid(),
        is_ready=is_ready,
        app_url=app_url,
        mongodb_uri="mongodb://127.0.0.1:1/",
        redis_url="redis://127.0.0.1:1/0",
        vendor_secret="any",
    )


def refusal(path: Path, *, app_url: str | None = None) -> str:
    with pytest.raises((UnusableFolder, Conflict)) as caught, open_platform(Settings(data_dir=path), app_url=app_url):
        pass
    return str(caught.value)


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.touch()
    said = refusal(path)
    assert f"The data folder {path} cannot be used: File exists. " in said
    assert "CRM_DATA_DIR" in said


@pytest.mark.parametrize("name", ["file/data", "x" * 300])
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    said = refusal(tmp_path / name)
    assert f"The data folder {tmp_path / name} cannot be used: " in said
    assert "CRM_DATA_DIR" in said


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_may_not_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(path: Path, text: str) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(folders, "write_private", refuse)
    said = refusal(tmp_path)
    assert f"{tmp_path} cannot be used: {os.strerror(code)} ({tmp_path / 'secrets.json'})." in said
    assert "Set CRM_DATA_DIR to a folder that this user may write to." in said


def test_a_disk_that_is_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders, "write_private", refuse)
    assert "No space left on device. Free some space" in refusal(tmp_path)


def test_servers_are_not_started_on_a_disk_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 12_345_678))
    said = refusal(tmp_path)
    assert "has 12 MB free, and the servers need at least 200 MB. Free some space" in said
    assert not is_owned(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[", '{"mongodb_password": "hidden"}', "\xff"])
def test_damaged_passwords_are_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text, encoding="latin-1")
    said = refusal(tmp_path)
    assert f"{tmp_path / 'secrets.json'} was changed outside ClientNest" in said
    assert "hidden" not in said
    assert (tmp_path / "secrets.json").read_text(encoding="latin-1") == text


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"mongod": "x"}', '{"mongod": 99999}', '{"mongod": -1}', "\xff"])
def test_damaged_ports_are_picked_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports.json").write_text(text, encoding="latin-1")
    port = DataFolder(tmp_path).pick_port("mongod")
    assert is_free(port)
    assert DataFolder(tmp_path).pick_port("mongod") == port


@pytest.mark.parametrize("text", ["", "{}", "[1", "\xff"])
def test_a_damaged_runtime_file_is_cleared_by_the_next_owner(tmp_path: Path, text: str) -> None:
    (tmp_path / "runtime.json").write_text(text, encoding="latin-1")
    with pytest.raises(UnreadableRuntime):
        DataFolder(tmp_path).read_runtime()
    ownership.clear_leftovers(DataFolder(tmp_path))
    assert DataFolder(tmp_path).read_runtime() is None


def test_a_second_app_on_a_folder_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime(app_url="http://127.0.0.1:8501"))
    with FileLock(folder.lock_path):
        said = refusal(tmp_path, app_url="http://127.0.0.1:8502")
    assert f"already runs on the data folder {tmp_path}: open http://127.0.0.1:8501, or stop it (process " in said
    assert "CRM_DATA_DIR" in said


def test_an_app_does_not_use_the_servers_of_a_command_that_will_end(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime())
    with FileLock(folder.lock_path):
        said = refusal(tmp_path, app_url="http://127.0.0.1:8502")
    assert f"A command (process {os.getpid()}) uses the data folder {tmp_path}" in said


def test_an_app_on_configured_servers_shares_the_folder(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime(app_url="http://127.0.0.1:8501"))
    servers = {"mongodb_uri": "mongodb://db.example.com", "redis_url": "redis://cache.example.com"}
    settings = Settings(data_dir=tmp_path, run_workers=True).with_servers(**servers)
    with FileLock(folder.lock_path), open_platform(settings, app_url="http://127.0.0.1:8502") as ready:
        assert (ready.mongodb_uri, ready.redis_url) == tuple(servers.values())


def test_whoever_comes_while_the_owner_stops_takes_the_folder_over(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime(is_ready=False))
    theirs, ours = FileLock(folder.lock_path), FileLock(folder.lock_path)
    theirs.acquire()
    assert ownership.own_or_find_owner(ours, folder, sleep=lambda _: theirs.release()) is None  # meanwhile they end
    assert ours.is_locked
    ours.release()


def test_servers_of_an_owner_that_was_killed_are_not_used(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime(owner_pid=NO_PID))
    theirs, ours = FileLock(folder.lock_path), FileLock(folder.lock_path)
    theirs.acquire()
    assert ownership.own_or_find_owner(ours, folder, sleep=lambda _: theirs.release()) is None
    ours.release()


def test_an_owner_that_is_never_ready_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "WAIT_TIMEOUT_S", -1.0)
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime(is_ready=False))
    with FileLock(folder.lock_path), pytest.raises(Exception, match=f"is used by process {os.getpid()}, which"):
        ownership.own_or_find_owner(FileLock(folder.lock_path), folder)


def test_a_folder_is_owned_while_its_lock_is_held_whatever_its_runtime_file_says(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.write_runtime(runtime())
    assert not is_owned(tmp_path)
    with FileLock(folder.lock_path):
        assert is_owned(tmp_path)
    assert not is_owned(tmp_path)
