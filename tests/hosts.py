"""Systems on which servers cannot run as they should: made-up programs, and files hidden in a mount namespace."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.running_app import ROOT, environment

LOADER_LINE = "error while loading shared libraries: {}: cannot open shared object file: No such file or directory"
OPEN_PLATFORM = """
import sys
from crm_core.errors import CrmError
from crm_core.hosting.platform import open_platform
from crm_core.settings import Settings
try:
    with open_platform(Settings.load(), workers=False):
        print("started")
except CrmError as exc:
    sys.exit(str(exc))
"""


def can_mount() -> bool:
    """Return whether this user may make a mount namespace, in which files can be hidden and disks be small."""
    if not shutil.which("unshare"):
        return False
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def write_program(folder: Path, script: str, mode: int = 0o700) -> Path:
    path = folder / "program"
    path.write_text(script)
    path.chmod(mode)
    return path


def start_servers(data_dir: Path, *, mounts: str = "") -> subprocess.CompletedProcess[str]:
    """Open the platform in a process of its own. mounts: shell commands run before, in a mount namespace."""
    argv = [sys.executable, "-c", OPEN_PLATFORM]
    if mounts:
        argv = ["unshare", "--mount", "sh", "-ec", f'{mounts}\nexec "$@"', "sh", *argv]
    return subprocess.run(
        argv, cwd=ROOT, env=environment(data_dir), capture_output=True, text=True, timeout=60, check=False
    )
