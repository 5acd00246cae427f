"""Programs that this system cannot run: what is missing, and the command that installs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from crm_core.hosting.programs import PACKAGES, NoEmbeddedServers, check_runs, find_mongod

ROOT = Path(__file__).resolve().parents[2]
LOADER = "error while loading shared libraries: {}: cannot open shared object file: No such file or directory"
CAN_HIDE_FILES = (
    shutil.which("unshare") is not None
    and subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0
)
HIDDEN = """
for library in $(ldconfig -p | sed -n 's/.*libcurl.so.4 .*=> //p')
do mount --bind /dev/null "$(readlink -f "$library")"
done
exec "$@"
"""


def program(folder: Path, script: str, mode: int = 0o700) -> Path:
    path = folder / "mongod"
    path.write_text(script)
    path.chmod(mode)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(NoEmbeddedServers) as caught:
        check_runs(path)
    return str(caught.value)


def test_a_program_that_runs_is_returned() -> None:
    assert check_runs(find_mongod()) == find_mongod()


@pytest.mark.parametrize(("library", "package"), PACKAGES.items())
def test_a_missing_library_is_named_with_the_command_that_installs_it(
    tmp_path: Path, library: str, package: str
) -> None:
    said = refusal(program(tmp_path, f"#!/bin/sh\necho 'mongod: {LOADER.format(library)}' >&2\nexit 127\n"))
    assert said.startswith(f"The library {library} is missing on this system; mongod needs it.")
    assert f"sudo apt-get install {package} " in said
    assert "CRM_MONGODB_URI" in said


def test_an_unknown_library_is_named_too(tmp_path: Path) -> None:
    said = refusal(program(tmp_path, f"#!/bin/sh\necho 'mongod: {LOADER.format('libzz.so.9')}' >&2\nexit 127\n"))
    assert "The library libzz.so.9 is missing" in said


def test_a_program_for_another_processor_is_refused(tmp_path: Path) -> None:
    assert "cannot be run: Exec format error" in refusal(program(tmp_path, "\x7fnot a program of this system"))


def test_a_program_that_may_not_be_run_is_refused(tmp_path: Path) -> None:
    assert "cannot be run: Permission denied" in refusal(program(tmp_path, "#!/bin/sh\n", 0o600))


def test_any_other_failure_is_quoted(tmp_path: Path) -> None:
    said = refusal(program(tmp_path, "#!/bin/sh\necho 'Illegal instruction: AVX needed' >&2\nexit 132\n"))
    assert "mongod cannot be run on this system: Illegal instruction: AVX needed." in said


def test_streamlit_cloud_installs_what_the_programs_need() -> None:
    assert set((ROOT / "packages.txt").read_text().split()) <= set(PACKAGES.values())
    assert "libcurl4" in (ROOT / "packages.txt").read_text().split()


@pytest.mark.skipif(not CAN_HIDE_FILES, reason="no right to make a mount namespace, in which a library can be hidden")
def test_on_a_system_without_libcurl_the_app_says_so_and_ends(tmp_path: Path) -> None:
    start = [sys.executable, "-c", "from workers.running import run_worker; run_worker('ingest', None)"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", HIDDEN, "sh", *start],
        cwd=ROOT,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CRM_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "The library libcurl.so.4 is missing" in done.stderr
    assert "sudo apt-get install libcurl4" in done.stderr
