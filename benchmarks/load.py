"""A load generator so light that it leaves the machine to the server: raw HTTP/1.1 from a process of its own.

``python -m benchmarks.load PORT PATH CONNECTIONS`` reads the key from the first line, then one JSON body a line.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

ROOT = Path(__file__).resolve().parents[1]
TIMEOUT_S = 300
ACCEPTED = 202
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Load:
    """What came of it. rate: requests per second. p50_ms, p95_ms: from the request's bytes to its whole answer."""

    rate: float
    p50_ms: float
    p95_ms: float


def send(url: str, bodies: Sequence[bytes], *, connections: int, key: str = "") -> Load:
    """POST every body once over that many keep-alive connections. Fails unless each is answered 202."""
    where = urlsplit(url)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", str(where.port), where.path, str(connections)],
        cwd=ROOT,
        input=b"\n".join([key.encode(), *bodies]),
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_S,
        check=True,
    )
    report = json.loads(done.stdout)
    assert report["statuses"] == {str(ACCEPTED): len(bodies)}, f"{url} answered {report['statuses']}"
    times_ms = sorted(report["times_ms"])
    count = len(times_ms)
    return Load(count / report["seconds"], times_ms[count // 2], times_ms[count * 95 // 100])


class _Connection(asyncio.Protocol):
    """Sends a request as soon as the one before is answered, until there is none left."""

    def __init__(self, requests: Iterator[bytes], statuses: Counter[int], times_ms: list[float]) -> None:
        self._requests = requests
        self._statuses = statuses
        self._times_ms = times_ms
        self._answer = b""
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head = self._answer.find(b"\r\n\r\n")
        if head < 0 or not (length := LENGTH.search(self._answer, 0, head)):
            return
        if len(self._answer) < head + 4 + int(length[1]):
            return
        self._times_ms.append((time.perf_counter() - self._sent_at) * 1000)
        self._statuses[int(self._answer[9:12])] += 1
        self._answer = b""
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


async def _run(port: int, requests: Sequence[bytes], connections: int) -> dict[str, object]:
    """A connection that is lost leaves its request without a status, which the caller then misses."""
    statuses: Counter[int] = Counter()
    times_ms: list[float] = []
    left = iter(requests)
    loop = asyncio.get_running_loop()
    made = [
        (await loop.create_connection(lambda: _Connection(left, statuses, times_ms), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    started = time.perf_counter()
    for connection in made:
        connection.send_next()
    await asyncio.gather(*(connection.closed for connection in made))
    return {"seconds": time.perf_counter() - started, "statuses": statuses, "times_ms": times_ms}


def _request(path: str, key: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _main() -> None:
    port, path, connections = sys.argv[1:]
    key, *bodies = sys.stdin.buffer.read().split(b"\n")
    requests = [_request(path, key.decode(), body) for body in bodies]
    json.dump(uvloop.run(_run(int(port), requests, int(connections))), sys.stdout)


if __name__ == "__main__":
    _main()
