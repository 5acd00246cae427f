"""Whether the message vendor can be reached now, and since when it is so."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

import httpx

from crm_core.infra.clock import Clock

TIMEOUT_S = 1.0
PATH = "/v1/health"


@dataclass(frozen=True)
class VendorHealth:
    """took_ms: until it answered, or gave up. since: when this process first found it as it is. trouble: in words, None
    when there is none."""

    is_reachable: bool
    took_ms: float
    since: datetime
    trouble: str | None = None


class VendorProbe:
    """url: None when no vendor is known."""

    def __init__(self, url: str | None, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._client = httpx.Client(timeout=TIMEOUT_S, trust_env=False)
        self._lock = threading.Lock()
        self._since: tuple[bool, datetime] | None = None

    def look(self) -> VendorHealth:
        """One call, of 1 s at most for each of its steps."""
        began = time.monotonic()
        trouble = self._ask()
        took_ms = round((time.monotonic() - began) * 1000, 1)
        return VendorHealth(trouble is None, took_ms, self._note(trouble is None), trouble)

    def _ask(self) -> str | None:
        if self._url is None:
            return "No message vendor is known: set CRM_VENDOR_URL."
        try:
            answer = self._client.get(f"{self._url.rstrip('/')}{PATH}")
        except httpx.TimeoutException:
            return f"The message vendor does not answer within {TIMEOUT_S:g} s."
        except httpx.HTTPError:
            return "The message vendor cannot be reached."
        if answer.status_code >= 500:
            return f"The message vendor answers {answer.status_code}."
        return "The message vendor rehearses an outage: it takes no message." if _is_out(answer) else None

    def _note(self, is_reachable: bool) -> datetime:
        with self._lock:
            if self._since is None or self._since[0] != is_reachable:
                self._since = (is_reachable, self._clock())
            return self._since[1]


def _is_out(answer: httpx.Response) -> bool:
    """As our simulated one says of itself."""
    try:
        body = answer.json()
    except ValueError:
        return False
    return isinstance(body, dict) and body.get("outage") is True
