"""Headers without end and requests that never come: each is ended, and others are served meanwhile."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import repeat
from threading import Thread
from time import sleep
from typing import Any

import pytest

from crm_core.front_door.connections import HEAD_S, MAX_HEAD_BYTES, MAX_WAITING
from tests import plain_http
from tests.front_door.raw import ask, connect, port_of, read_to_end, send_while_taken
from tests.front_door.visitor import open_stream
from tests.running_app import RunningApp

Begun = dict[Callable[[RunningApp], Any], Future[Any]]
PART = b"x" * 4096
ENOUGH = 50_000_000
"""Bytes that a client sends if it is let."""
BEGIN = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /api/v1/receipts HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
SILENT = (
    *(b"", b"\r\n", BEGIN, b"GET /api/healthz HTTP/1.1\r\nHost: x\r\n\r\n\r\n"),
    *(POST + b"Content-Length: 99\r\n\r\nx", CHUNKED + b"1\r\nx\r\n"),
)
"""What a connection sent before it fell silent: nothing, half a request, a whole one and a line break, half a body."""
FLOODS = {
    "one header without end": (BEGIN + b"X-Long: ", repeat(PART)),
    "headers without end": (BEGIN, (b"X-%d: %b\r\n" % (number, PART) for number in range(ENOUGH))),
    "short headers without end": (BEGIN, repeat(b"a: b\r\n" * 700)),
    "an address without end": (b"GET /", repeat(PART)),
    "trailers without end": (CHUNKED + b"0\r\n", repeat(b"a: %b\r\n" % PART)),
    "a chunk's extension without end": (CHUNKED + b"1;x=", repeat(PART)),
    "headers of a WebSocket without end": (
        BEGIN.replace(b"/ ", b"/_stcore/stream ") + b"Connection: upgrade\r\nUpgrade: websocket\r\n",
        repeat(b"a: %b\r\n" % PART),
    ),
}


def limited(parts: Iterator[bytes]) -> Iterator[bytes]:
    left = ENOUGH
    while left > 0:
        part = next(parts)
        left -= len(part)
        yield part


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_cut_off(app: RunningApp, flood: str) -> None:
    begin, parts = FLOODS[flood]
    with closing(connect(app)) as connection:
        connection.sendall(begin)
        assert send_while_taken(connection, limited(iter(parts))) < ENOUGH / 5, "buffers of the system included"


def test_too_large_headers_are_answered_with_what_is_allowed(app: RunningApp) -> None:
    status, said = ask(app, "/api/healthz", "Host: localhost", f"Cookie: {'c' * MAX_HEAD_BYTES}")
    assert status == 431
    assert str(MAX_HEAD_BYTES) in said


def test_large_headers_and_addresses_pass_together_up_to_the_limit(app: RunningApp) -> None:
    path, cookie = f"/?q={'q' * 15_000}", f"Cookie: {'c' * 15_000}"
    assert ask(app, path, f"Host: localhost:{port_of(app)}", cookie)[0] == 200


def test_many_requests_over_one_connection_do_not_add_up(app: RunningApp) -> None:
    with plain_http.new_client() as client:
        for _ in range(20):
            assert client.get(f"{app.url}/api/healthz", headers={"X-Some": "x" * 10_000}).status_code == 200


def test_a_large_body_in_small_chunks_is_no_flood(app: RunningApp) -> None:
    answer = plain_http.post(f"{app.url}/api/v1/receipts", content=iter([b"x" * 10] * 20_000), timeout=60)
    assert answer.status_code not in (400, 408, 431)


def drip_headers(app: RunningApp) -> bytes:
    with closing(connect(app)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        Thread(target=send_while_taken, args=(connection, _drip(b"X")), daemon=True).start()
        return read_to_end(connection)


def fall_silent(app: RunningApp) -> list[bytes]:
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(connect(app))) for _ in SILENT]
        for connection, begin in zip(connections, SILENT, strict=True):
            connection.sendall(begin)
        return [read_to_end(connection) for connection in connections]


def drip_a_body(app: RunningApp) -> bytes:
    with closing(connect(app)) as connection:
        connection.sendall(POST + b"Content-Length: 10000\r\n\r\n")
        Thread(target=send_while_taken, args=(connection, _drip(b"x")), daemon=True).start()
        return read_to_end(connection)


def send_a_slow_body(app: RunningApp) -> int:
    def body() -> Iterator[bytes]:
        for _ in range(25):
            yield b"x" * 1024
            sleep(1)

    return plain_http.post(f"{app.url}/api/v1/receipts", content=body(), timeout=120).status_code


def leave_a_stream_alone(app: RunningApp) -> bool:
    with open_stream(app) as stream:
        sleep(HEAD_S + 3)
        return stream.ping().wait(30)


SLOW = (drip_headers, fall_silent, drip_a_body, send_a_slow_body, leave_a_stream_alone)


@pytest.fixture(scope="module")
def begun(app: RunningApp) -> Iterator[Begun]:
    """What takes long because it waits, all begun at once."""
    with ThreadPoolExecutor(len(SLOW)) as pool:
        yield {each: pool.submit(each, app) for each in SLOW}


def test_headers_that_come_too_slowly_are_answered_and_ended(begun: Begun) -> None:
    assert begun[drip_headers].result().startswith(b"HTTP/1.1 408 ")


def test_connections_that_fall_silent_are_ended(begun: Begun) -> None:
    assert len(begun[fall_silent].result()) == len(SILENT)  # which waits until they are ended


def test_a_body_that_drips_is_ended(begun: Begun) -> None:
    begun[drip_a_body].result()  # waits until it is ended


def test_a_slow_body_that_goes_on_is_awaited(begun: Begun) -> None:
    assert begun[send_a_slow_body].result() not in (400, 408)


def test_a_stream_of_pages_stays_open_while_nobody_does_anything(begun: Begun) -> None:
    assert begun[leave_a_stream_alone].result()


def test_many_silent_connections_keep_nobody_out(app: RunningApp) -> None:
    with ExitStack() as stack:
        oldest = stack.enter_context(closing(connect(app)))
        oldest.sendall(BEGIN)
        for _ in range(MAX_WAITING + 50):
            stack.enter_context(closing(connect(app)))
        assert plain_http.get(f"{app.url}/api/healthz", timeout=60).status_code == 200
        assert read_to_end(oldest) == b"", "the oldest gives way, and is not told that it was slow"


def _drip(part: bytes) -> Iterator[bytes]:
    while True:
        yield part
        sleep(0.5)
