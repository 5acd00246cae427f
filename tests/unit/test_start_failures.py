"""Why a server ended at its start, read from its exit status and its log: what is wrong, and what to do."""

import errno
import signal
from pathlib import Path

import pytest

from crm_core.errors import Unavailable
from crm_core.hosting.programs import NoEmbeddedServers
from crm_core.hosting.start_failures import LIBRARY_PACKAGES, MAX_KILLS, check_start, find_last_words
from crm_core.hosting.supervisor import ChildEnd
from tests.hosts import LOADER_LINE
from tests.running_app import ROOT

IN_USE = (
    '{"s":"I","msg":"Starting"}\n'
    '{"s":"E","c":"CONTROL","msg":"No listener","attr":{"error":{"code":9001,"errmsg":"Address in use"}}}\n'
    '{"s":"F","msg":"Fatal assertion","attr":{"msgid":28661}}\n'
    '{"s":"I","msg":"Shutting down"}\n'
)


def end(folder: Path, status: int, output: str = "", *, before: str = "", failures: int = 1) -> ChildEnd:
    """The end of a child that wrote ``output`` to a log that had ``before`` in it."""
    log = folder / "mongod.log"
    log.write_text(before + output)
    return ChildEnd(status, log, len(before.encode()), failures)


def refusal(of: ChildEnd) -> str:
    with pytest.raises(NoEmbeddedServers) as caught:
        check_start("mongod", of)
    return str(caught.value)


@pytest.mark.parametrize(("library", "package"), LIBRARY_PACKAGES.items())
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    tmp_path: Path, library: str, package: str
) -> None:
    said = refusal(end(tmp_path, 127, f"/usr/bin/mongod: {LOADER_LINE.format(library)}\n"))
    assert said.startswith(f"The library {library} is missing on this system; mongod needs it.")
    assert f"sudo apt-get install {package} " in said
    assert "CRM_MONGODB_URI" in said


def test_an_unknown_library_is_named_too(tmp_path: Path) -> None:
    said = refusal(end(tmp_path, 127, f"mongod: {LOADER_LINE.format('libzz.so.9')}\n"))
    assert "The library libzz.so.9 is missing" in said
    assert "apt-get" not in said


def test_a_processor_that_lacks_instructions_is_named(tmp_path: Path) -> None:
    assert "its processor lacks instructions" in refusal(end(tmp_path, -signal.SIGILL))


def test_only_the_output_of_the_last_start_counts(tmp_path: Path) -> None:
    earlier = f"mongod: {LOADER_LINE.format('libcurl.so.4')} ä\n"
    with pytest.raises(Unavailable, match=r"ended while it started: Something else\. Its log: .*mongod\.log"):
        check_start("mongod", end(tmp_path, 1, "Something else\n", before=earlier))


@pytest.mark.parametrize("status", [1, 14, 100, -signal.SIGABRT, -signal.SIGSEGV])
def test_a_server_that_ends_by_itself_is_not_tried_again(tmp_path: Path, status: int) -> None:
    with pytest.raises(Unavailable, match=f"mongod ended while it started: exit status {status}"):
        check_start("mongod", end(tmp_path, status))


@pytest.mark.parametrize("status", [0, -signal.SIGTERM, -signal.SIGKILL])
def test_a_server_that_was_ended_from_outside_is_tried_again_a_few_times(tmp_path: Path, status: int) -> None:
    check_start("mongod", end(tmp_path, status, failures=MAX_KILLS - 1))
    with pytest.raises(Unavailable, match=f"was ended {MAX_KILLS} times"):
        check_start("mongod", end(tmp_path, status, failures=MAX_KILLS))


def test_a_server_that_never_ended_is_waited_for() -> None:
    check_start("mongod", None)


def test_an_unopenable_log_is_the_folders_fault_and_a_lack_of_processes_is_not(tmp_path: Path) -> None:
    log = tmp_path / "mongod.log"
    with pytest.raises(PermissionError):
        check_start("mongod", ChildEnd(-1, log, 0, 1, PermissionError(errno.EACCES, "Permission denied", str(log))))
    with pytest.raises(Unavailable, match=r"mongod cannot be started: Resource temporarily unavailable\."):
        check_start("mongod", ChildEnd(-1, log, 0, 1, OSError(errno.EAGAIN, "Resource temporarily unavailable")))


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (IN_USE, "No listener: Address in use."),
        ('{"s":"E","msg":"DBException","attr":{"error":"DBPathInUse: locked"}}', "DBException: DBPathInUse: locked."),
        ('{"s":"F","msg":"Out of room"}', "Out of room."),
        ("12:M 29 Nov 2026 07:50:59.092 # Failed listening on port 1 (tcp), aborting.", "Failed listening on port 1"),
        (">>> 'dir'\nUnbalanced quotes\n\n", "Unbalanced quotes."),
        ("", ""),
        ("[]\n", "[]."),
    ],
)
def test_the_reason_is_found_in_what_the_server_wrote(output: str, words: str) -> None:
    assert find_last_words(output).startswith(words)


def test_streamlit_cloud_installs_what_the_programs_need() -> None:
    packages = (ROOT / "packages.txt").read_text().split()
    assert "libcurl4" in packages
    assert set(packages) <= set(LIBRARY_PACKAGES.values())
