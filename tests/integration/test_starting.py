"""Servers that cannot start: the real start of programs, logs and disks that are not as they should be."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from crm_core.errors import CrmError, Unavailable
from crm_core.hosting import mongod, valkey
from crm_core.hosting.folder import DataFolder, UnusableFolder
from crm_core.hosting.platform import open_platform
from crm_core.hosting.programs import NoEmbeddedServers
from crm_core.hosting.runtime_file import is_owned
from crm_core.settings import Settings
from tests.hosts import LOADER_LINE, can_mount, start_servers, write_program
from tests.running_app import ROOT, environment

NEEDS_MOUNT = pytest.mark.skipif(not can_mount(), reason="no right to make a mount namespace")
HIDE_LIBCURL = """
for library in $(/sbin/ldconfig -p | sed -n 's/.*libcurl.so.4 .*=> //p')
do mount --bind /dev/null "$(readlink -f "$library")"
done
"""


@pytest.fixture(params=[(mongod, "find_mongod"), (valkey, "find_valkey")], ids=["mongod", "valkey"])
def program(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of one of the two servers, to be filled by the test."""
    path = write_program(tmp_path, "")
    module, find = request.param
    monkeypatch.setattr(module, find, lambda: path)
    return path


def failure(data_dir: Path, kind: type[CrmError]) -> str:
    with pytest.raises(kind) as caught, open_platform(Settings(data_dir=data_dir, mongodb_cache_gb=0.25)):
        pass
    assert DataFolder(data_dir).read_runtime() is None
    assert not is_owned(data_dir)
    return str(caught.value)


def starts(program: Path) -> int:
    """How often it ran."""
    return len((program.parent / "starts").read_text().splitlines())


def fill(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\necho . >> '{program.parent}/starts'\n{script}")


def test_a_missing_library_ends_the_start_at_its_first_try(program: Path, tmp_path: Path) -> None:
    fill(program, f"echo '{program}: {LOADER_LINE.format('libcurl.so.4')}' >&2\nexit 127\n")
    said = failure(tmp_path / "data", NoEmbeddedServers)
    assert "The library libcurl.so.4 is missing" in said
    assert "sudo apt-get install libcurl4" in said
    assert starts(program) == 1


def test_a_server_that_refuses_to_start_is_quoted_at_its_first_try(program: Path, tmp_path: Path) -> None:
    fill(program, "echo 'No thanks'\nexit 3\n")
    assert "ended while it started: No thanks. Its log: " in failure(tmp_path / "data", Unavailable)
    assert starts(program) == 1


def test_a_program_for_another_processor_is_refused(program: Path, tmp_path: Path) -> None:
    program.write_text("\x7fELF, but not of this system")
    assert "cannot be run on this system" in (said := failure(tmp_path / "data", NoEmbeddedServers))
    assert "Exec format error" in said


def test_a_program_that_may_not_be_run_is_refused(program: Path, tmp_path: Path) -> None:
    program.chmod(stat.S_IRUSR)
    assert f"cannot be run on this system: {program}: Permission denied." in failure(
        tmp_path / "data", NoEmbeddedServers
    )


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs" / "valkey.log").mkdir(parents=True)
    assert f"Is a directory ({tmp_path / 'logs' / 'valkey.log'})" in failure(tmp_path, UnusableFolder)


def test_data_that_the_server_cannot_read_are_told_from_its_log(tmp_path: Path) -> None:
    (tmp_path / "mongodb").mkdir(parents=True)
    (tmp_path / "mongodb" / "storage.bson").write_text("junk")
    said = failure(tmp_path, Unavailable)
    assert "mongod ended while it started: Unable to read the storage engine metadata file" in said
    assert str(tmp_path / "logs" / "mongod.log") in said


def test_passwords_that_are_not_the_databases_are_told(tmp_path: Path) -> None:
    with open_platform(Settings(data_dir=tmp_path, mongodb_cache_gb=0.25), workers=False):
        pass
    (tmp_path / "secrets.json").unlink()
    assert "has another password than its secrets.json" in failure(tmp_path, UnusableFolder)


def test_a_worker_says_what_is_missing_and_ends(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "workers.ingest"],
        cwd=ROOT,
        env=environment(tmp_path / "file"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The ingest worker cannot start: The data folder ")
    assert "Traceback" not in done.stderr


@NEEDS_MOUNT
def test_without_libcurl_the_start_says_which_command_installs_it(tmp_path: Path) -> None:
    done = start_servers(tmp_path, mounts=HIDE_LIBCURL)
    assert done.returncode == 1
    assert "The library libcurl.so.4 is missing on this system; mongod needs it." in done.stderr
    assert "sudo apt-get install libcurl4" in done.stderr


@NEEDS_MOUNT
def test_a_full_disk_is_told_before_the_servers_start(tmp_path: Path) -> None:
    done = start_servers(tmp_path, mounts=f"mount -t tmpfs -o size=20m none '{tmp_path}'")
    assert done.returncode == 1
    assert "MB free, and the servers need at least 200 MB" in done.stderr


@NEEDS_MOUNT
@pytest.mark.skipif(os.getuid() != 0, reason="only root may make a disk read-only")
def test_a_read_only_disk_is_told(tmp_path: Path) -> None:
    done = start_servers(tmp_path, mounts=f"mount -t tmpfs none '{tmp_path}'; mount -o remount,ro '{tmp_path}'")
    assert done.returncode == 1
    assert f"The data folder {tmp_path} cannot be used: Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
