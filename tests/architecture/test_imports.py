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


def loaded_by(module: str) -> set[str]:
    """All that a fresh interpreter has loaded after importing ``module``; it has an empty ``google`` from its start."""
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("worker", [*sorted({*WORKER_GROUPS} - {"jobs"}), "vendor.__main__"])
def test_worker_loads_no_analysis_no_ai_and_no_screen_package(worker: str) -> None:
    loaded = loaded_by(f"workers.{worker}")
    assert "crm_core" in loaded
    assert not loaded & HEAVY


def test_command_line_and_core_load_no_streamlit() -> None:
    assert "streamlit" not in loaded_by("crm_core.cli.main") | loaded_by("crm_core.api.app")
