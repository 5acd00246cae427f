"""The supervisor keeps children running whatever happens around them."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from crm_core.hosting.supervisor import ChildSpec, Supervisor
from tests.running_app import ROOT
from tests.waiting import eventually

READS_TO_EOF = "import sys; sys.stdin.read()"
FORKED = """
import os, sys
told = [value for name, value in os.environ.items() if name.startswith("CRM_")]
print(sys.argv[1:], os.getsid(0) == os.getpid(), oct(os.umask(0)), told, __name__, flush=True)
sys.stdin.read()
sys.exit(int(sys.argv[1]))
"""


def child(folder: Path) -> ChildSpec:
    return ChildSpec("child", (sys.executable, "-c", READS_TO_EOF), folder / "child.log", folder, until_eof=True)


@dataclass(frozen=True)
class Preloaded:
    """A process that the children fork from, which run ``FORKED``."""

    supervisor: Supervisor
    folder: Path

    def start(self, *names: str, argument: str = "0", **how: bool) -> None:
        for name in names:
            argv = ("forked", argument)
            log = self.folder / f"{name}.log"
            env = {"CRM_TOLD": name}
            self.supervisor.start(ChildSpec(name, argv, log, self.folder, env, until_eof=True, fork_of="all"), **how)

    def pids(self, *names: str) -> dict[str, int]:
        """Once they run the program."""
        eventually(lambda: all(self.output(name) for name in names), what="output")
        return {name: pid for name in names if (pid := self.supervisor.pid(name))}

    def output(self, name: str) -> str:
        log = self.folder / f"{name}.log"
        return log.read_text() if log.exists() else ""


@pytest.fixture
def preloaded(supervisor: Supervisor, tmp_path: Path) -> Preloaded:
    (tmp_path / "forked.py").write_text(FORKED)
    argv = (sys.executable, "-m", "workers.preloaded")
    env = {"PYTHONPATH": str(ROOT)}
    supervisor.start(ChildSpec("all", argv, tmp_path / "all.log", tmp_path, env, until_eof=True, is_preloaded=True))
    return Preloaded(supervisor, tmp_path)


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


def test_a_forked_child_is_a_process_like_one_that_is_a_program(preloaded: Preloaded) -> None:
    supervisor = preloaded.supervisor
    preloaded.start("one", "two")
    preloaded.start("failing", argument="no number", on_trial=True)
    pids = preloaded.pids("one", "two", "failing")
    assert preloaded.output("one") == "['0'] True 0o77 ['one'] __main__\n"
    assert len({*pids.values(), supervisor.pid("all")}) == 4
    assert psutil.Process(pids["one"]).name() == "forked"
    os.kill(pids["failing"], signal.SIGTERM)
    end = eventually(lambda: supervisor.last_end("failing"), what="an end")
    assert end
    assert (end.status, end.failures, end.is_its_own_doing) == (-signal.SIGTERM, 1, False)
    eventually(lambda: supervisor.pid("failing") not in {None, pids["failing"]}, what="another one")
    supervisor.stop()
    assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]


def test_a_killed_fork_is_started_again_alone_and_all_are_with_their_origin(preloaded: Preloaded) -> None:
    supervisor = preloaded.supervisor
    preloaded.start("one", "two")
    first = preloaded.pids("one", "two")
    os.kill(first["one"], signal.SIGKILL)
    eventually(lambda: supervisor.pid("one") not in {None, first["one"]}, what="another one")
    second = preloaded.pids("one", "two")
    assert second["two"] == first["two"]
    origin = supervisor.pid("all")
    assert origin
    os.kill(origin, signal.SIGKILL)
    eventually(lambda: not {None, *second.values()} & {supervisor.pid("one"), supervisor.pid("two")}, what="others")
    assert supervisor.pid("all") != origin
    eventually(lambda: not [pid for pid in second.values() if psutil.pid_exists(pid)], what="the end of them")
    assert (end := supervisor.last_end("two"))
    assert end.status == -signal.SIGKILL


def test_a_fork_that_fails_is_told_by_its_exit_status_and_its_words(preloaded: Preloaded) -> None:
    (preloaded.folder / "forked.py").write_text("print('now'); exit(3)")
    (preloaded.folder / "child.log").write_text("earlier\n")
    preloaded.start("child", on_trial=True)
    end = eventually(lambda: preloaded.supervisor.last_end("child"), what="an end")
    assert end
    assert (end.status, end.failures) == (3, 1)
    assert end.log.read_text()[end.log_offset :] == "now\n"
    preloaded.supervisor.trust("child")
    eventually(lambda: (last := preloaded.supervisor.last_end("child")) and last.failures > 1, what="another try")
