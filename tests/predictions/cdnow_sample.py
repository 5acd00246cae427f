"""The published 1/10 sample of CDNOW: each customer's days with purchases and what was spent on them."""

import os
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

CALIBRATED = date(1997, 9, 30)
"""The end of the 39 weeks that the papers fit their models to."""
ENDED = date(1998, 6, 30)


def read_days() -> Mapping[str, Mapping[date, int]]:
    """Cents by day, for each customer. Skips without the file."""
    folder = os.environ.get("CDNOW_PATH")
    if not folder:
        pytest.skip("CDNOW_PATH names no folder with CDNOW_sample.txt")
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for line in (Path(folder) / "CDNOW_sample.txt").read_text().splitlines():
        _, customer, day, _, dollars = line.split()
        found[customer][date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")] += round(float(dollars) * 100)
    return found
