"""Waiting for what other processes do: polled up to a deadline, never a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from crm_core.errors import Unavailable

DEADLINE_S = 150.0
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.05
"""Between two readings: what takes long is asked for less often, since it does its work on the same cores."""

Value = TypeVar("Value")


def eventually(read: Callable[[], Value], is_wanted: Callable[[Value], object] = bool, what: str = "") -> Value:
    """Read again and again until the value is wanted; returns it. Fails after 150 s with what was read last.

    A server that is away, because the test has killed it, is one more reason to read again.
    """
    deadline = time.monotonic() + DEADLINE_S
    last: object = "nothing"
    pause_s = SHORTEST_PAUSE_S
    while time.monotonic() < deadline:
        try:
            value = read()
        except (Unavailable, httpx.TransportError) as exc:
            last = exc
        else:
            if is_wanted(value):
                return value
            last = value
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.3, LONGEST_PAUSE_S)
    raise AssertionError(f"waited {DEADLINE_S:.0f} s in vain for {what or 'it'}, read last: {last!r}")
