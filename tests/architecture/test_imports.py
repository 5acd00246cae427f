"""Who may import whom: the contracts of pyproject.toml, and what a running worker really loads."""

import json
import subprocess
import sys

import pytest
from importlinter.cli import lint_imports

from crm_core.infra.heartbeat import WORKER_GROUPS
from tests.running_app import ROOT

HEAVY = {"pandas", "plotly", "scipy", "google.generativeai", "google.api_core", "google.protobuf", "streamlit"}


def test_import_contracts_of_pyproject_are_kept(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


def loaded_by(*modules: str) -> dict[str, set[str]]:
    """By module: all that one fresh interpreter has loaded after importing it, and those before it, in this order.

    The interpreter has an empty ``google`` from its start.
    """
    program = "import importlib, json, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n"
    program += "    print(json.dumps([name, *sys.modules]))"
    argv = [sys.executable, "-c", program, *modules]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: set(loaded) for name, *loaded in map(json.loads, done.stdout.splitlines())}


def test_workers_load_no_analysis_no_ai_and_no_screen_package() -> None:
    """But for the one that does jobs."""
    workers = [f"workers.{name}" for name in (*sorted({*WORKER_GROUPS} - {"jobs"}), "vendor.__main__")]
    loaded = loaded_by(*workers)
    assert list(loaded) == workers
    assert "crm_core" in loaded[workers[0]]
    assert {name: modules & HEAVY for name, modules in loaded.items() if modules & HEAVY} == {}


def test_command_line_and_core_load_no_streamlit() -> None:
    assert "streamlit" not in set.union(*loaded_by("crm_core.cli.main", "crm_core.api.app").values())
