"""Hands receipts over to the callback URL: signed, in batches, again and again until it answers 2xx."""

import asyncio
import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import structlog

from crm_core.campaigns.messages.signature import HEADER, sign
from crm_core.errors import Unavailable
from workers.vendor.records import Receipt
from workers.vendor.store import LAST_CALLBACK_ERROR, VendorStore

MAX_RECEIPTS = 500
BACKOFF_CAP_S = 5.0
_BACKOFF_FIRST_S = 0.1
# After a batch that was not full, wait a little for more: fewer, larger requests cost the receiver less.
_LINGER_S = 0.05
# An upper bound of one sleep, so that a clock that is set back delays receipts by no more than this.
_IDLE_S = 1.0
# Answers that speak of what was sent; any other refusal speaks of the receiver's own state.
_CONTENT_REFUSED = frozenset({400, 413, 422})
_SET_APART_MS = 60_000

log = structlog.stdlib.get_logger(__name__)


def compute_backoff_s(failures: int, jitter: float) -> float:
    """Return the pause after the nth failure in a row; jitter in [0, 1) spreads it over half to all of it."""
    doublings = min(failures - 1, 10)
    longest = min(BACKOFF_CAP_S, _BACKOFF_FIRST_S * (1 << doublings))
    return longest * (0.5 + jitter / 2)


def to_callback(receipts: Sequence[Receipt]) -> bytes:
    """Render the body of one callback; a repeat of the same receipts is the same bytes."""
    return json.dumps({"receipts": [_to_json(r) for r in receipts]}, separators=(",", ":")).encode()


def _to_json(receipt: Receipt) -> dict[str, str]:
    at = datetime.fromtimestamp(receipt.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    body = {"key": receipt.key, "vendor_id": receipt.vendor_id, "status": receipt.status, "at": at}
    return body if receipt.reason is None else {**body, "reason": receipt.reason}


class ReceiptSender:
    """One task that sends what is due, in order of time.

    A receipt is forgotten only after a 2xx, so a crash in between sends it twice and never not at all. While
    the callback is down, one batch probes it with growing pauses and the rest waits behind. When it refuses the
    content, batches are halved until the receipt it dislikes is alone; that one is set apart and tried again
    every minute, so that it does not hold up all others for ever.
    """

    def __init__(
        self,
        store: VendorStore,
        client: httpx.AsyncClient,
        url: str,
        secret: str,
        overhear: Callable[[bytes, Mapping[str, str]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._client = client
        self._url = url
        self._secret = secret
        self._overhear = overhear
        self._clock = clock
        self._limit = MAX_RECEIPTS
        self._wake = asyncio.Event()
        self._stop = asyncio.Event()
        self.failures = 0  # in a row

    def wake(self) -> None:
        """Say that new receipts are owed."""
        self._wake.set()

    def stop(self) -> None:
        """End ``run`` after the batch in hand."""
        self._stop.set()
        self._wake.set()

    async def run(self) -> None:
        """Send until told to stop."""
        while not self._stop.is_set():
            try:
                await self._run_once()
            except (Unavailable, httpx.HTTPError) as exc:
                await self._back_off(exc)

    async def _run_once(self) -> None:
        limit = self._limit
        due = self._store.load_due(self._now_ms(), limit)
        if due:
            await self._hand_over(due)
        self.failures = 0
        if not due:
            await self._wait_for_next()
        elif len(due) < limit:
            await _wait(self._stop, _LINGER_S)

    async def _hand_over(self, due: Sequence[Receipt]) -> None:
        body = to_callback(due)
        headers = self._sign(body)
        answer = await self._client.post(self._url, content=body, headers=headers)
        if answer.is_success:
            self._store.save_handed_over(due)
            self._overhear(body, headers)
            self._limit = min(MAX_RECEIPTS, 2 * self._limit)
        elif answer.status_code in _CONTENT_REFUSED and len(due) > 1:
            self._limit = len(due) // 2
        else:
            if answer.status_code in _CONTENT_REFUSED:
                self._store.postpone(due[0], self._now_ms() + _SET_APART_MS)
            raise Unavailable(f"the callback answered {answer.status_code} to {len(due)} receipts")

    def _sign(self, body: bytes) -> dict[str, str]:
        signature = sign(body, self._secret, self._now_ms() // 1000)
        return {"Content-Type": "application/json", HEADER: signature}

    async def _back_off(self, exc: Exception) -> None:
        self.failures += 1
        pause_s = compute_backoff_s(self.failures, random.random())
        log.warning("callback failed", url=self._url, failures=self.failures, pause_s=round(pause_s, 1), exc_info=exc)
        with suppress(Unavailable):  # the file may be what has failed
            self._store.save_notes({LAST_CALLBACK_ERROR: str(exc) or type(exc).__name__})
        await _wait(self._stop, pause_s)

    async def _wait_for_next(self) -> None:
        next_ms = self._store.load_next_due_ms()
        seconds = _IDLE_S if next_ms is None else next_ms / 1000 - self._clock()
        self._wake.clear()
        if not self._stop.is_set():
            await _wait(self._wake, min(_IDLE_S, max(0.0, seconds)))

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
