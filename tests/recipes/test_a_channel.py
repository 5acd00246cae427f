"""A channel is one file and its line in the registry: with made-up ones everything works as with the others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROPERTY = "tests/property/test_eligibility.py"


def run_with_channels(count: int, *files: str) -> None:
    """In a process of its own, whose registry has so many more."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.recipes.made_up_channels", *files]
    environment = {**os.environ, "MADE_UP_CHANNELS": str(count)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_sixth_and_a_ninth_channel_work_end_to_end() -> None:
    run_with_channels(4, "tests/recipes/with_made_up_channels.py")


@pytest.mark.parametrize("count", [4, 10])
def test_masks_say_what_eligibility_says_of_any_number_of_channels(count: int) -> None:
    run_with_channels(count, PROPERTY)
