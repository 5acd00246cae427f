"""The doctor's look at this machine: the settings, the disk, and the versions of what runs here."""

import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

from crm_core import __version__
from crm_core.cli.doctor_check import Check, problem, warning
from crm_core.cli.doctor_places import Places
from crm_core.hosting.private_folder import open_to_others
from crm_core.workspace.rows import variable_of

DISK = "disk"
FOLDER = "data folder"
LITTLE_BYTES = 1_000_000_000


def check_settings(places: Places, locked: Iterable[str]) -> Check:
    """locked: names of the workspace's settings that the environment has."""
    names = sorted(variable_of(name) for name in (*places.configured.model_fields_set, *locked))
    return Check("settings", f"Set: {', '.join(names) or 'none, all have their defaults'}.")


def check_disk(places: Places) -> Check:
    folder = places.settings.data_dir.resolve()
    try:
        free = shutil.disk_usage(_nearest(folder)).free
    except OSError as exc:
        advice = "Set CRM_DATA_DIR to a folder on a disk that works."
        return Check(DISK, faults=(problem(f"The disk of {folder} cannot be read: {exc.strerror}.", advice),))
    found = f"{free / 1e9:,.1f} GB free for {folder}."
    if free >= LITTLE_BYTES:
        return Check(DISK, found)
    return Check(DISK, found, (warning("That is little.", "Make room: without any, the servers stop storing."),))


def check_folder(places: Places) -> Check:
    """Whether others who use this machine are kept out."""
    folder = places.settings.data_dir.resolve()
    if not folder.is_dir():
        return Check(FOLDER, f"{folder} is not made yet.")
    try:
        open_ones = list(open_to_others(folder))
    except OSError as exc:
        advice = "Run this as the user who runs the app."
        return Check(FOLDER, faults=(problem(f"{folder} cannot be read: {exc.strerror}.", advice),))
    if not open_ones:
        return Check(FOLDER, f"{folder} is for its owner alone: modes 0700 and 0600.")
    found = f"Others on this machine may use {len(open_ones)} of its files and folders, such as {open_ones[0]}."
    advice = f"Start the app again, which closes them; where that does not help, run chmod -R go= '{folder}'."
    return Check(FOLDER, faults=(warning(found, advice),))


def check_versions() -> Check:
    return Check(
        "versions",
        f"ClientNest {__version__} on Python {platform.python_version()}, {platform.system()} {platform.machine()}.",
    )


def _nearest(folder: Path) -> Path:
    """The folder itself, or the first above it that exists."""
    return next(path for path in (folder, *folder.parents) if path.exists())
