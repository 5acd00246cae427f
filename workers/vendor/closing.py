"""Closes a connection without an answer, which ASGI has no word for."""

import asyncio
from typing import Final

from fastapi import Request
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Address = tuple[str, int]
_OPEN: Final[dict[Address, asyncio.Transport]] = {}


class ClosableProtocol(HttpToolsProtocol):
    """uvicorn's own, with its connections to be found by the client's address."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            _OPEN[self.client] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client:
            _OPEN.pop(self.client, None)
        super().connection_lost(exc)


async def close_connection(request: Request) -> None:
    """Close the connection that the request came over; what is sent to it from now on goes nowhere."""
    address: Address = request.scope["client"]
    if transport := _OPEN.get(address):
        transport.close()
    while address in _OPEN:  # uvicorn is told in a later round of the loop, and would write until then
        await asyncio.sleep(0)
