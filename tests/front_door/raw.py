"""Requests as no well-behaved client sends them: written to the socket byte by byte."""

import socket
from collections.abc import Iterable
from contextlib import closing, suppress
from urllib.parse import urlsplit

from tests.running_app import RunningApp

PATIENCE_S = 60


def connect(app: RunningApp) -> socket.socket:
    parts = urlsplit(app.url)
    assert parts.hostname
    assert parts.port
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)


def port_of(app: RunningApp) -> int:
    port = urlsplit(app.url).port
    assert port
    return port


def read_to_end(connection: socket.socket) -> bytes:
    """All until the app closes the connection; waits for that."""
    found = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65_536):
            found += part
    return found


def send_while_taken(connection: socket.socket, parts: Iterable[bytes]) -> int:
    """How many bytes left before the app closed the connection."""
    sent = 0
    with suppress(OSError):
        for part in parts:
            connection.sendall(part)
            sent += len(part)
    return sent


def ask(app: RunningApp, path: str, *headers: str, method: str = "GET") -> tuple[int, str]:
    """Status and body of a request with exactly these headers."""
    with closing(connect(app)) as connection:
        lines = [f"{method} {path} HTTP/1.1", *headers, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        head, _, body = read_to_end(connection).partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode(errors="replace")
