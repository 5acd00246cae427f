"""How long to wait before the next try."""

import random


def compute_backoff(failures: int, *, cap_s: float = 5.0) -> float:
    """Seconds to wait after that many failures in a row: doubling from 0.1 s, half of it random."""
    ceiling: float = min(cap_s, 0.1 * 2 ** min(failures, 10))
    return ceiling / 2 + random.random() * ceiling / 2
