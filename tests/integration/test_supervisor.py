"""The supervisor keeps children running whatever happens around them."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from crm_core.hosting.supervisor import ChildSpec, Supervisor
from tests.waiting import eventually

READS_TO_EOF = "import sys; sys.stdin.read()"


def child(folder: Path) -> ChildSpec:
    return ChildSpec("child", (sys.executable, "-c", READS_TO_EOF), folder / "child.log", folder, until_eof=True)


class FullDisk:
    """Takes nothing more."""

    def __init__(self) -> None:
        self.tries = 0

    def __call__(self, pids: Mapping[str, int]) -> None:
        self.tries += 1
        raise OSError(28, "No space left on device")


@pytest.fixture
def disk() -> FullDisk:
    return FullDisk()


@pytest.fixture
def supervisor(disk: FullDisk) -> Iterator[Supervisor]:
    supervisor = Supervisor(disk)
    yield supervisor
    supervisor.stop()


def test_a_child_is_started_again_though_its_pid_cannot_be_noted(
    supervisor: Supervisor, disk: FullDisk, tmp_path: Path
) -> None:
    supervisor.start(child(tmp_path))
    first = eventually(lambda: supervisor.pid("child"), what="a child")
    assert first
    eventually(lambda: disk.tries, what="the disk asked")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervisor.pid("child") not in {None, first}, what="another child")
    eventually(lambda: disk.tries > 1, what="the disk asked again")


def test_a_child_on_trial_that_fails_is_started_again_once_it_is_trusted(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    fails = ChildSpec("child", (sys.executable, "-c", "exit(3)"), tmp_path / "child.log", tmp_path, until_eof=True)
    supervisor.start(fails, on_trial=True)
    supervisor.start(replace(child(tmp_path), name="other"))
    first = eventually(lambda: supervisor.last_end("child"), what="a failure")
    eventually(lambda: supervisor.pid("other"), what="a later child")
    assert first
    assert (first.status, first.failures) == (3, 1)
    assert supervisor.last_end("child") == first
    supervisor.trust("child")
    eventually(lambda: (end := supervisor.last_end("child")) and end.failures > 1, what="another try")


def test_a_child_on_trial_that_is_killed_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(child(tmp_path), on_trial=True)
    first = eventually(lambda: supervisor.pid("child"), what="a child")
    assert first
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervisor.pid("child") not in {None, first}, what="another child")


def test_output_of_a_child_is_told_from_that_of_earlier_ones(supervisor: Supervisor, tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    log.write_text("earlier\n")
    script = "print('now'); exit(3)"
    supervisor.start(ChildSpec("child", (sys.executable, "-c", script), log, tmp_path, until_eof=True), on_trial=True)
    end = eventually(lambda: supervisor.last_end("child"), what="an end")
    assert end
    assert log.read_text()[end.log_offset :] == "now\n"
