"""Modes of the data folder, also of one that existed."""

import os
from pathlib import Path

import pytest

from crm_core.hosting.private_folder import make_private, open_to_others
from tests.doctor import ask_doctor


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """As a restore from a backup, or an earlier version, may have left it."""
    folder = tmp_path / "data"
    for place in ("mongodb/journal", "valkey/appendonlydir", "logs", "imports"):
        (folder / place).mkdir(parents=True)
    for name in ("secrets.json", "vendor.sqlite", "vendor.sqlite-wal", "mongodb/journal/log", "valkey/appendonlydir/a"):
        (folder / name).write_text("x")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def test_all_that_is_ours_is_closed_to_others(open_folder: Path) -> None:
    make_private(open_folder)
    for path in (open_folder, *open_folder.rglob("*")):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert list(open_to_others(open_folder)) == []


def test_what_is_not_ours_and_the_folder_around_it_stay(open_folder: Path) -> None:
    photos = open_folder / "photos"
    photos.mkdir()
    (photos / "cat.jpg").touch()
    for path in (photos, photos / "cat.jpg"):
        path.chmod(0o755)
    make_private(open_folder)
    assert (mode(open_folder), mode(photos), mode(photos / "cat.jpg")) == (0o755, 0o755, 0o755)
    assert (mode(open_folder / "mongodb"), mode(open_folder / "secrets.json")) == (0o700, 0o600)


def test_data_on_another_disk_are_closed_and_links_in_them_are_not_followed(open_folder: Path, tmp_path: Path) -> None:
    (open_folder / "mongodb").rename(tmp_path / "disk")
    (open_folder / "mongodb").symlink_to(tmp_path / "disk")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("x")
    elsewhere.chmod(0o644)
    (tmp_path / "disk" / "link").symlink_to(elsewhere)
    make_private(open_folder)
    assert (mode(tmp_path / "disk"), mode(tmp_path / "disk" / "journal" / "log")) == (0o700, 0o600)
    assert mode(elsewhere) == 0o644


def test_a_mode_that_cannot_be_changed_does_not_end_the_start(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, wanted: int) -> None:
        raise PermissionError(1, os.strerror(1), str(path))

    monkeypatch.setattr(Path, "chmod", refuse)
    make_private(open_folder)
    assert mode(open_folder) == 0o755


def test_the_doctor_says_what_is_open_to_others(open_folder: Path) -> None:
    found = ask_doctor(open_folder)
    assert found.status("data folder") == "warning"
    assert "Others on this machine may use 12 of its files and folders" in found.words("data folder")
    assert f"chmod -R go= '{open_folder}'" in found.words("data folder")
    make_private(open_folder)
    assert ask_doctor(open_folder).status("data folder") == "ok"


def test_the_doctor_makes_no_folder(tmp_path: Path) -> None:
    found = ask_doctor(tmp_path / "none")
    assert (found.status("data folder"), (tmp_path / "none").exists()) == ("ok", False)
