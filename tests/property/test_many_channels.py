"""The law of eligibility holds for more channels than fit in 32 bits."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_masks_say_what_eligibility_says_of_fifteen_channels() -> None:
    """In a process of its own: what depends on channels is made from the registry when it is imported."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.recipes.more_channels"]
    done = subprocess.run(
        [*command, "tests/property/test_eligibility.py"],
        cwd=ROOT,
        env={**os.environ, "MORE_CHANNELS": "10"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
