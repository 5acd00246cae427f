"""The message vendor over HTTP."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from crm_core.campaigns.states import RowReason
from crm_core.channels.sender import Answer, WireMessage
from crm_core.errors import Unavailable

TIMEOUT_S = 10.0
ANSWER_S, MAX_ANSWER_BYTES = 30.0, 5_000_000
"""An answer that takes longer, or is larger, is none: it could go on for ever."""
IDLE_S = 2.0
"""Then a connection is not used again: the vendor may be just about to close it."""
BACKOFF_CAP_S = 30.0
MAX_BATCH = 500
MAX_REASON = MAX_ID = 100
_CONTENT_REFUSED = frozenset({400, 413, 422})
"""They speak of what was sent: the same again would be refused again."""


class HttpVendor:
    is_idempotent = True

    def __init__(self, url: str, secret: str) -> None:
        self._client = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=TIMEOUT_S,
            trust_env=False,
            limits=httpx.Limits(keepalive_expiry=IDLE_S),
        )

    def send(self, campaign_id: str, messages: Sequence[WireMessage]) -> dict[str, Answer]:
        """A batch that is refused is halved until the message that the vendor dislikes is alone."""
        status, body = self._post(campaign_id, messages)
        if status not in _CONTENT_REFUSED:
            return _read_answers(body, [message["key"] for message in messages])
        if len(messages) == 1:
            return {messages[0]["key"]: Answer(None, RowReason.REFUSED_BY_VENDOR)}
        half = len(messages) // 2
        return self.send(campaign_id, messages[:half]) | self.send(campaign_id, messages[half:])

    def _post(self, campaign_id: str, messages: Sequence[WireMessage]) -> tuple[int, bytes]:
        """Status and body of what it answered, if that was about the messages. Raises Unavailable."""
        order = {"campaign": campaign_id, "messages": list(messages)}
        try:
            with self._client.stream("POST", "/v1/messages", json=order) as response:
                body = _read_body(response)
        except httpx.RequestError as exc:
            raise _unavailable("The message vendor does not answer.") from exc
        status = response.status_code
        if status in {401, 403}:
            raise _unavailable("The message vendor does not know our secret; check CRM_VENDOR_SECRET on both sides.")
        if status != 200 and status not in _CONTENT_REFUSED:
            text = f"The message vendor answered {status}."
            raise _unavailable(text, _retry_after_s(response) if status in {429, 503} else None)
        return status, body


def _read_body(response: httpx.Response) -> bytes:
    body, until = bytearray(), time.monotonic() + ANSWER_S
    for part in response.iter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES or time.monotonic() > until:
            raise _unavailable("The message vendor's answer does not end.")
    return bytes(body)


def _unavailable(text: str, retry_after_s: float | None = None) -> Unavailable:
    return Unavailable(text, retry_after_s=retry_after_s, backoff_cap_s=BACKOFF_CAP_S)


def _retry_after_s(response: httpx.Response) -> float | None:
    """Seconds, or a moment as HTTP writes it; None when it says neither."""
    text = response.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _read_answers(body: bytes, keys: Sequence[str]) -> dict[str, Answer]:
    """One for each key. Without one for every key nothing is known of the rest: ask again."""
    try:
        found = {result["key"]: _to_answer(result) for result in json.loads(body)["results"]}
        return {key: found[key] for key in keys}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise _unavailable("The message vendor's answer does not name every message of the batch.") from exc


def _to_answer(result: Any) -> Answer:
    if result.get("status") == "rejected":
        return Answer(None, _to_reason(result.get("reason")))
    vendor_id = result["id"]
    if not isinstance(vendor_id, str) or not vendor_id.isprintable() or not 0 < len(vendor_id) <= MAX_ID:
        raise TypeError(f"a message that was taken has an id of 1 to {MAX_ID} printable characters")
    return Answer(vendor_id)


def _to_reason(reason: Any) -> str:
    """As the vendor says it, but for what only we can say: a row with that is not retried."""
    named = reason.strip()[:MAX_REASON] if isinstance(reason, str) else ""
    is_good = named and named.isprintable() and named != RowReason.OUTCOME_UNKNOWN
    return named if is_good else str(RowReason.REFUSED_BY_VENDOR)
