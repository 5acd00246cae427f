"""The supervisor keeps children running whatever happens around them."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
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
