"""Ranges over columns of numbers and dates."""

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_core.rules.engines.columns import Mask, to_ms
from crm_core.rules.predicates import End, Range


def range_mask(wanted: Range, values: NDArray[Any]) -> Mask:
    """Which values lie within; dates are compared as ms."""
    found: Mask | None = None
    if (low := _plain(wanted.low)) is not None:
        found = values > low if wanted.without_low else values >= low
    if (high := _plain(wanted.high)) is not None:
        below = values < high if wanted.without_high else values <= high
        found = below if found is None else np.logical_and(found, below, out=found)
    assert found is not None, "a range has an end"
    return found


def _plain(end: End | None) -> Any:
    return to_ms(end) if isinstance(end, datetime) else end
