"""The REST API as the import uses it: asked again through 429, 503 and a restart of the app."""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx

from crm_core.errors import Forbidden, InvalidInput, Unavailable
from crm_core.infra.backoff import compute_backoff

TIMEOUT_S = 30.0
PATIENCE_S = 120.0
MAX_RETRY_AFTER_S = 3600.0
TRANSIENT = frozenset({429, 500, 502, 503, 504})
AGAIN = "Run the import again: it goes on after the last accepted record."

Say = Callable[[str], None]


class Pause:
    """Time as the import sees it; tests have one that does not pass."""

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ApiConnection:
    """url: the root of the API, with or without ``/api``. say: called with the reason when it must wait.

    Raises InvalidInput when the address is none, or the key cannot be one.
    """

    def __init__(self, url: str, key: str, *, say: Say, pause: Pause | None = None) -> None:
        root = _check_url(url).rstrip("/").removesuffix("/api")
        self.url = f"{root}/api/v1"
        self.pause = pause or Pause()
        self._say = say
        headers = {"Authorization": f"Bearer {_check_key(key)}", "Content-Type": "application/json"}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=TIMEOUT_S, trust_env=False)

    def ask(self, method: str, path: str, body: bytes | None = None) -> httpx.Response:
        """The first final answer. Raises Forbidden for the key, Unavailable when there is none for two minutes."""
        started, failures = self.pause.now(), 0
        while True:
            failures += 1
            try:
                answer = self._client.request(method, f"/{path}", content=body)
            except httpx.TransportError as exc:
                reason, wait_s = f"does not answer ({exc})", compute_backoff(failures)
            else:
                if answer.status_code not in TRANSIENT:
                    return _check_access(answer)
                reason, wait_s = f"answers {answer.status_code}", _wait_s(answer, failures)
            if wait_s > MAX_RETRY_AFTER_S or self.pause.now() - started > PATIENCE_S:
                raise Unavailable(f"The API at {self._client.base_url} {reason}. {AGAIN}")
            if failures == 1:
                self._say(f"The API at {self._client.base_url} {reason}: trying again for {PATIENCE_S:.0f} s.")
            self.pause.sleep(wait_s)


def read_json(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; an empty one when there is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def parse_retry_after(text: str, now: datetime) -> float | None:
    """Seconds to wait from ``now`` (aware UTC), given as such or as an HTTP date; None when it is neither.

    Source: RFC 9110, 10.2.3.
    """
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _wait_s(answer: httpx.Response, failures: int) -> float:
    asked = parse_retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC))
    return compute_backoff(failures) if asked is None else asked


def _check_access(answer: httpx.Response) -> httpx.Response:
    if answer.status_code in {401, 403}:
        raise Forbidden(str(read_json(answer).get("detail", f"The API answers {answer.status_code} to this key.")))
    return answer


def _check_url(url: str) -> str:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise InvalidInput(f"{url!r} is no address of an API; say it as in http://localhost:8501.", field="url")
    return url


def _check_key(key: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise InvalidInput(
            "The key is no API key: it is empty, or has a space or another sign that none has.", field="key"
        )
    return key
