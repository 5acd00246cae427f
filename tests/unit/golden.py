"""Public Liquid cases: where they are, and which are deliberately answered otherwise."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

VARIABLE = "GOLDEN_LIQUID_PATH"
DIFFERENCES = Path(__file__).with_name("golden_liquid_differences.json")


def load_cases() -> dict[str, dict[str, Any]]:
    """By name. Skips the test without the file."""
    path = os.environ.get(VARIABLE)
    if not path:
        pytest.skip(f"{VARIABLE} is not set to golden_liquid.json: the public Liquid cases are not tested here")
    return {case["name"]: case for case in json.loads(Path(path).read_text("utf-8"))["tests"]}


def load_differences() -> dict[str, str]:
    """Name of a case to the reason why it is answered otherwise."""
    groups = json.loads(DIFFERENCES.read_text("utf-8"))
    return {name: group["reason"] for group in groups for name in group["cases"]}
