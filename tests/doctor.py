"""What ``python -m crm_core doctor`` says, run in this process, which saves a second each."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from crm_core.cli.main import app as command_line


@dataclass(frozen=True)
class Said:
    """text: what it wrote to standard output."""

    exit_code: int
    text: str

    @property
    def words(self) -> str:
        """The text on one line, however it was wrapped."""
        return " ".join(self.text.split())


@dataclass(frozen=True)
class Found:
    exit_code: int
    report: dict[str, Any]

    def status(self, name: str) -> str:
        return str(self._check(name)["status"])

    def words(self, name: str) -> str:
        """What was found and what to do about it."""
        check = self._check(name)
        return f"{check['found']} {check['advice'] or ''}".strip()

    def _check(self, name: str) -> dict[str, Any]:
        check: dict[str, Any]
        (check,) = [check for check in self.report["checks"] if check["name"] == name]
        assert (check["advice"] is None) == (check["status"] == "ok"), check
        return check


def ask_doctor(data_dir: Path, **settings: str) -> Found:
    """The answer of ``doctor --json``, whose exit status must fit."""
    said = read_doctor(data_dir, "--json", **settings)
    found = Found(said.exit_code, json.loads(said.text))
    has_problem = "problem" in {check["status"] for check in found.report["checks"]}
    assert (found.exit_code, found.report["ok"]) == (int(has_problem), not has_problem)
    return found


def read_doctor(data_dir: Path, *options: str, **settings: str) -> Said:
    environment = {"CRM_DATA_DIR": str(data_dir), **settings}
    done = CliRunner().invoke(command_line, ["doctor", *options], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.stderr == ""
    return Said(done.exit_code, done.stdout)
