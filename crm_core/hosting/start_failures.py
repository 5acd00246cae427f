"""Why a server ended at its start, in a sentence with what to do: read from its exit status and its log."""

import json
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from crm_core.errors import Unavailable
from crm_core.hosting.dying_exec import CANNOT_EXECUTE
from crm_core.hosting.programs import NoEmbeddedServers
from crm_core.hosting.supervisor import ChildEnd

LIBRARY_PACKAGES: Mapping[str, str] = {
    "libcurl.so.4": "libcurl4",
    "libssl.so.3": "libssl3",
    "libcrypto.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
    "libgcc_s.so.1": "libgcc-s1",
}
"""Shared libraries that the wheels' programs need beside the C library, and Debian's packages with them."""
MAX_KILLS = 8
_MISSING = re.compile(r"error while loading shared libraries: (?P<library>[^:\s]+)")
_VALKEY_PREFIX = re.compile(r"^\d+:[A-Z] .{20,30} [.*#-] ")
_OWN_SERVERS = "Or set CRM_MONGODB_URI and CRM_REDIS_URL to servers of your own."
_MAX_QUOTED = 300
_MAX_READ = 1_000_000


def check_start(name: str, end: ChildEnd | None) -> None:
    """Raise for a server that ended by itself while it started: it would end like that again.

    One that was ended from outside is started again, up to ``MAX_KILLS`` times. Raises NoEmbeddedServers,
    Unavailable; OSError where its log could not be opened.
    """
    if end is None:
        return
    if end.error is not None:
        _raise_refusal(name, end.error)
    if not end.is_its_own_doing:
        if end.failures >= MAX_KILLS:
            raise Unavailable(f"{name} was ended {end.failures} times while it started. Its log: {end.log}")
        return
    output = _read_from(end.log, end.log_offset)
    if reason := _unfit_system(name, end.status, output):
        raise NoEmbeddedServers(f"{reason} {_OWN_SERVERS}")
    words = find_last_words(output) or f"exit status {end.status}"
    raise Unavailable(f"{name} ended while it started: {words} Its log: {end.log}")


def _raise_refusal(name: str, error: OSError) -> NoReturn:
    if error.filename:  # its log, most likely: the data folder's fault
        raise error
    raise Unavailable(f"{name} cannot be started: {error.strerror}.") from error


def _unfit_system(name: str, status: int, output: str) -> str | None:
    """Return why this system cannot run the program at all; None if it can."""
    if missing := _MISSING.search(output):
        return _missing_library(name, Path(missing["library"]).name)
    if status == CANNOT_EXECUTE:
        return f"{name} cannot be run on this system: {find_last_words(output)}"
    if status == -signal.SIGILL:
        return f"{name} cannot be run on this system: its processor lacks instructions that the program needs."
    return None


def _missing_library(name: str, library: str) -> str:
    package = LIBRARY_PACKAGES.get(library)
    install = (
        f"Install it: sudo apt-get install {package} (Debian, Ubuntu)."
        if package
        else "Install your system's package that has it."
    )
    return f"The library {library} is missing on this system; {name} needs it. {install}"


def find_last_words(output: str) -> str:
    """Return the reason in a server's output: the first error of mongod's JSON lines, else the last line."""
    lines = [line for line in output.splitlines() if line.strip()]
    errors = (words for line in lines if (words := _mongod_error(line)))
    last = _VALKEY_PREFIX.sub("", lines[-1].strip()) if lines else ""
    words = next(errors, last)[:_MAX_QUOTED]
    return words if not words or words.endswith(".") else f"{words}."


def _mongod_error(line: str) -> str | None:
    """Return message and cause of a line of severity error or fatal. Source: MongoDB manual, "Log Messages"."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("s") not in {"E", "F"}:
        return None
    attributes = entry.get("attr") or {}
    cause = attributes.get("error") or attributes.get("message") or ""
    if isinstance(cause, dict):
        cause = cause.get("errmsg") or json.dumps(cause)
    return f"{entry.get('msg', '')}: {cause}" if cause else str(entry.get("msg", ""))


def _read_from(path: Path, offset: int) -> str:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(_MAX_READ).decode(errors="replace")
