"""What one connection may take: bytes of headers, and time to send them and a body."""

from asyncio import AbstractEventLoop, TimerHandle, Transport, get_running_loop
from typing import Final

import structlog
import uvicorn
from starlette.types import Receive
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.stdlib.get_logger(__name__)

MAX_HEAD_BYTES: Final = 32_768
HEAD_S: Final = 10.0
"""To send the request line and all headers, from the opening of the connection or the first byte of a request."""
BODY_WINDOW_S: Final = 20.0
MIN_WINDOW_BYTES: Final = 1024
"""Of a body have to come within each window, while the app is ready to read."""
MAX_WAITING: Final = 500
"""Connections that may be without a whole head at once; beyond it the oldest is closed."""
_SWEEP_S: Final = 1.0


class _HeadTooLarge(Exception):
    """Stops the parser."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's own, which bounds neither."""

    _head_bytes = 0
    """Received since what was last understood: the begin of a request, a part of a body."""
    body_bytes = 0
    _is_websocket = False
    """From its upgrade on it is no concern of ours: another protocol has it, which pings."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        WATCH.head_begins(self)

    def connection_lost(self, exc: Exception | None) -> None:
        WATCH.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_bytes += len(data)
        super().data_received(data)
        if self._is_websocket:
            return
        if self._head_bytes > MAX_HEAD_BYTES:
            self.refuse_head()
        elif self.timeout_keep_alive_task is None and (self.cycle is None or self.cycle.response_complete):
            WATCH.head_begins(self)  # line breaks between requests begin none, but end the wait for the next one

    def on_message_begin(self) -> None:
        super().on_message_begin()
        WATCH.head_begins(self)

    def on_headers_complete(self) -> None:
        if self._head_bytes > MAX_HEAD_BYTES and self._size_of_head() > MAX_HEAD_BYTES:
            raise _HeadTooLarge
        self._head_bytes = 0
        WATCH.body_begins(self)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head_bytes = 0
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_bytes = 0
        WATCH.forget(self)
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._is_websocket = True
        WATCH.forget(self)
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        """Of the parser's exception only its kind is known here."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self.refuse_head()
        else:
            super().send_400_response(msg)

    def refuse_head(self) -> None:
        self._end(b"431 Request Header Fields Too Large", b"The headers have more than %d bytes." % MAX_HEAD_BYTES)

    def end_slow_head(self) -> None:
        if self._head_bytes:
            self._end(b"408 Request Timeout", b"The headers did not come within %d s." % HEAD_S)
        else:
            self.transport.close()

    def end_slow_body(self) -> None:
        log.info("connection closed", why="slow body")
        self.transport.abort()

    def _end(self, status: bytes, text: bytes) -> None:
        if self.transport.is_closing():
            return
        log.info("connection closed", why=status.decode())
        head = b"HTTP/1.1 %b\r\ncontent-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(head % (status, len(text)) + text)
        self.transport.close()

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


class _Watch:
    """Connections that owe us something, looked at once a second."""

    def __init__(self) -> None:
        self._heads: dict[BoundedProtocol, float] = {}
        self._bodies: dict[BoundedProtocol, tuple[float, int]] = {}
        self._timer: TimerHandle | None = None

    def head_begins(self, connection: BoundedProtocol) -> None:
        """Unless it has begun already."""
        if connection in self._heads or connection.transport.is_closing():
            return
        self._heads[connection] = self._now(connection.loop)
        if len(self._heads) > MAX_WAITING:
            oldest = next(iter(self._heads))
            del self._heads[oldest]
            oldest.transport.close()

    def body_begins(self, connection: BoundedProtocol) -> None:
        self._heads.pop(connection, None)
        self._bodies[connection] = (self._now(connection.loop), connection.body_bytes)

    def forget(self, connection: BoundedProtocol) -> None:
        self._heads.pop(connection, None)
        self._bodies.pop(connection, None)

    def _now(self, loop: AbstractEventLoop) -> float:
        if self._timer is None:
            self._timer = loop.call_later(_SWEEP_S, self._sweep)
        return loop.time()

    def _sweep(self) -> None:
        self._timer = None
        now = get_running_loop().time()
        for connection, since in list(self._heads.items()):
            if now - since <= HEAD_S:
                break  # they stand in the order in which they began
            del self._heads[connection]
            connection.end_slow_head()
        for connection, (since, seen) in list(self._bodies.items()):
            self._look_at_body(connection, now, since, seen)
        if self._heads or self._bodies:
            self._now(get_running_loop())

    def _look_at_body(self, connection: BoundedProtocol, now: float, since: float, seen: int) -> None:
        if connection.flow.read_paused or connection.body_bytes - seen >= MIN_WINDOW_BYTES:
            self._bodies[connection] = (now, connection.body_bytes)
        elif now - since > BODY_WINDOW_S:
            del self._bodies[connection]
            connection.end_slow_body()


WATCH: Final = _Watch()


def bound_connections(receive: Receive) -> None:
    """Have the server of this lifespan take its connections as ``BoundedProtocol``, and believe no forwarded header.

    ``streamlit run`` builds uvicorn's configuration itself and offers no way to it, but the lifespan's ``receive``
    belongs to an object that has it, and uvicorn opens its sockets after the lifespan has begun. By default uvicorn
    takes a client's address from whatever ``X-Forwarded-For`` comes from this machine.
    """
    config = getattr(getattr(receive, "__self__", None), "config", None)
    if isinstance(config, uvicorn.Config) and issubclass(config.http_protocol_class, HttpToolsProtocol):
        config.http_protocol_class = BoundedProtocol
        if isinstance(config.loaded_app, ProxyHeadersMiddleware):
            config.loaded_app = config.loaded_app.app
    else:
        log.warning("no bounds on headers and slow connections: this server is not uvicorn with httptools")
