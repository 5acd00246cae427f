"""What was read of API keys a moment ago, so that most requests need no database, and an outage does not stop them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import TTLCache

from crm_core.access.api_key import ApiKey

FRESH_S = 1.0
"""A change of a key, such as its revocation, is followed by every process within that time."""
READING_S = 5.0
"""While one caller reads a key again, the others go on with what was known for at most that long."""
OUTAGE_S = 300.0
"""While the database is away, a key that was good is good for that long after it was last read."""
MAX_GUESSES = 1_000


@dataclass
class _Known:
    """read_at, checked_at: when it was read, and when somebody last tried to, in seconds of the timer."""

    key: ApiKey
    read_at: float
    checked_at: float
    is_being_read: bool = False


class KeyCache:
    """By the hash of the secret. timer: in seconds."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._known: dict[str, _Known] = {}
        self._guesses: TTLCache[str, None] = TTLCache(MAX_GUESSES, FRESH_S, timer)
        self._lock = threading.Lock()

    def claim(self, digest: str) -> tuple[bool, ApiKey | None]:
        """Whether the answer need not be read again, or another caller does so, and the answer; False makes that the
        task of this one."""
        with self._lock:
            known = self._known.get(digest)
            if known is None:
                return digest in self._guesses, None
            age_s = self._timer() - known.checked_at
            if age_s <= FRESH_S or (known.is_being_read and age_s <= FRESH_S + READING_S):
                return True, known.key
            known.is_being_read = True
            return False, None

    def put(self, digest: str, key: ApiKey | None) -> ApiKey | None:
        """What was read just now. Return what holds: a revocation that was seen before stays."""
        with self._lock:
            if key is None:
                self._known.pop(digest, None)
                self._guesses[digest] = None
                return None
            before = self._known.get(digest)
            if before and before.key.revoked_at:
                key = before.key
            now = self._timer()
            self._known[digest] = _Known(key, now, now)
            return key

    def hold(self, digest: str) -> ApiKey | None:
        """What is known while the database is away, if it is not too old; nobody tries again for a moment."""
        with self._lock:
            known, now = self._known.get(digest), self._timer()
            if known is None or now - known.read_at > OUTAGE_S:
                return None
            known.checked_at, known.is_being_read = now, False
            return known.key

    def replace(self, key: ApiKey) -> None:
        """Of a key that this process has changed."""
        with self._lock:
            for known in self._known.values():
                if known.key.id == key.id:
                    known.key = key
