"""Callbacks that the vendor did not send: forged ones, and true ones replayed. They must change nothing anywhere.

A task beside the sender's: whatever the receiver answers, the true receipts neither wait nor fail for it. What is
still to be replayed is forgotten when the process dies; nobody is owed it.
"""

import asyncio
import heapq
import json
import time
from collections.abc import Mapping
from contextlib import suppress

import httpx

from crm_core.campaigns.messages.signature import HEADER, sign
from workers.vendor.draws import draw
from workers.vendor.live_behaviour import LiveBehaviour
from workers.vendor.store import VendorStore

_MAX_WAITING = 1_000  # callbacks of up to 100 KB each
_STEP_S = 1.0  # an upper bound of one sleep, so that a clock that is set back delays by no more than this
_FORGERIES = ("wrong secret", "changed body", "no signature")


class Attacker:
    """Sees every true callback and, as the behaviour says, sends forged or replayed ones."""

    def __init__(self, store: VendorStore, behaviour: LiveBehaviour, client: httpx.AsyncClient, url: str) -> None:
        self._store = store
        self._behaviour = behaviour
        self._client = client
        self._url = url
        self._heard = 0
        self._waiting: list[tuple[float, int, str, bytes, dict[str, str]]] = []
        self._wake = asyncio.Event()

    def overhear(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Note a callback that has just been taken."""
        behaviour, self._heard = self._behaviour.now, self._heard + 1
        number, now_s = str(self._heard), time.time()
        if behaviour.forged_rate and draw(behaviour.seed, "forge", number) < behaviour.forged_rate:
            kind = _FORGERIES[self._heard % len(_FORGERIES)]
            self._add(now_s, "forged", *forge(kind, body, headers))
        if behaviour.replay_rate and draw(behaviour.seed, "replay", number) < behaviour.replay_rate:
            self._add(now_s + behaviour.replay_after_s, "replayed", body, dict(headers))

    async def run(self) -> None:
        """Send what is due until cancelled."""
        while True:
            while self._waiting and self._waiting[0][0] <= time.time():
                _, _, kind, body, headers = heapq.heappop(self._waiting)
                await self._send(kind, body, headers)
            self._wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._pause_s())

    def _pause_s(self) -> float | None:
        return min(_STEP_S, max(0.0, self._waiting[0][0] - time.time())) if self._waiting else None

    def _add(self, due_s: float, kind: str, body: bytes, headers: dict[str, str]) -> None:
        if len(self._waiting) < _MAX_WAITING:
            heapq.heappush(self._waiting, (due_s, self._heard, kind, body, headers))
            self._wake.set()

    async def _send(self, kind: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except httpx.HTTPError:
            return
        self._store.count(f"{kind}_{'taken' if answer.is_success else 'refused'}")


def forge(kind: str, body: bytes, headers: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Return a callback that claims every message was clicked, without a valid signature."""
    receipts = [receipt | {"status": "clicked"} for receipt in json.loads(body)["receipts"]]
    forged = json.dumps({"receipts": receipts}).encode()
    if kind == "wrong secret":
        return forged, {**headers, HEADER: sign(forged, "not the secret", int(time.time()))}
    if kind == "changed body":
        return forged, dict(headers)
    return forged, {name: value for name, value in headers.items() if name != HEADER}
