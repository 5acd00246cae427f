"""``python -m crm_core doctor``: which servers, where, how they are, and what to do. It only looks."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from crm_core import __version__
from crm_core.cli.doctor_check import Check, Look, Status, make_checks, problem
from crm_core.cli.doctor_data import DATA, check_data
from crm_core.cli.doctor_host import DISK, FOLDER, check_disk, check_folder, check_settings, check_versions
from crm_core.cli.doctor_http import APP, VENDOR, check_app, check_vendor
from crm_core.cli.doctor_mongodb import MONGODB, check_mongodb
from crm_core.cli.doctor_places import ADDRESSES, Places, find_places
from crm_core.cli.doctor_text import print_report
from crm_core.cli.doctor_valkey import VALKEY, check_valkey
from crm_core.cli.doctor_work import STREAMS, WORKERS, check_streams, check_workers
from crm_core.errors import InvalidInput
from crm_core.settings import Settings
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import read_environment

console = Console(highlight=False)


@dataclass(frozen=True)
class Report:
    """places: None when the settings cannot be read."""

    places: Places | None
    checks: list[Check]

    @property
    def is_ok(self) -> bool:
        return all(check.status is not Status.PROBLEM for check in self.checks)

    @property
    def addresses(self) -> dict[str, str | None]:
        return self.places.addresses if self.places else dict.fromkeys(ADDRESSES)

    def to_json(self) -> dict[str, object]:
        checks = {check.name: check for check in self.checks}
        versions = {name: checks[name].version if name in checks else None for name in (MONGODB, VALKEY)}
        return {
            **self.addresses,
            "versions": {"clientnest": __version__, "python": platform.python_version(), **versions},
            "ok": self.is_ok,
            "checks": [_to_json(check) for check in self.checks],
            **{name: checks[name].rows if name in checks else () for name in (STREAMS, WORKERS)},
        }


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, with passwords, for programs.")] = False,
) -> None:
    """Say which servers are used, where they are, how they are, and what to do. Ends with 1 if there is a problem."""
    report = examine()
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
    else:
        print_report(console, report.checks, report.addresses)
    if not report.is_ok:
        raise typer.Exit(1)


def examine() -> Report:
    """Look at everything at once. Nothing is started, made or changed."""
    try:
        places = find_places(Settings.load())
        locked = read_environment(WorkspaceSettings, os.environ)
    except InvalidInput as exc:
        fault = problem(str(exc), "Correct the environment variable; the README says what it may be.")
        return Report(None, [Check("settings", faults=(fault,)), check_versions()])
    return Report(places, [check_settings(places, locked), *make_checks(_looks(places)), check_versions()])


def _looks(places: Places) -> list[Look]:
    above = "See Valkey above first."
    return [
        Look(APP, partial(check_app, places), "See that the app answers at its address."),
        Look(MONGODB, partial(check_mongodb, places), places.remedy("mongod", "mongodb_uri")),
        Look(DATA, partial(check_data, places), "See MongoDB above first."),
        Look(VALKEY, partial(check_valkey, places), places.remedy(VALKEY, "redis_url")),
        Look(VENDOR, partial(check_vendor, places), places.remedy(VENDOR, "vendor_url")),
        Look(WORKERS, partial(check_workers, places), above),
        Look(STREAMS, partial(check_streams, places), above),
        Look(DISK, partial(check_disk, places), "See that the disk of CRM_DATA_DIR answers."),
        Look(FOLDER, partial(check_folder, places), "See that the disk of CRM_DATA_DIR answers."),
    ]


def _to_json(check: Check) -> Mapping[str, object]:
    return {"name": check.name, "status": check.status, "found": check.words, "advice": check.advice}
