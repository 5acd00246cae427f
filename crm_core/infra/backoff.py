"""How long to wait before the next try."""

import random

from crm_core.errors import Unavailable

LONGEST_ASKED_S = 60.0


def compute_backoff(failures: int, *, cap_s: float = 5.0) -> float:
    """Seconds to wait after that many failures in a row: doubling from 0.1 s, half of it random."""
    ceiling: float = min(cap_s, 0.1 * 2 ** min(failures, 10))
    return ceiling / 2 + random.random() * ceiling / 2


def compute_patience(failures: int, exc: Unavailable) -> float:
    """Seconds to wait after an outage: what the other side asks for, up to 60 s, and a little more; or the backoff."""
    if exc.retry_after_s is None:
        return compute_backoff(failures, cap_s=exc.backoff_cap_s)
    asked: float = min(LONGEST_ASKED_S, max(0.0, exc.retry_after_s))
    return asked + random.random() * max(0.1, asked / 10)
