"""A visitor of the pages without a browser: Streamlit's WebSocket and its uploads."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.front_door.browser import Browser, run
from tests.front_door.raw import connect as connect_raw
from tests.front_door.raw import port_of
from tests.running_app import RunningApp

MAX_MESSAGE = 50_000_000


@contextmanager
def open_stream(app: RunningApp, *, host: str | None = None, origin: str | None = None) -> Iterator[ClientConnection]:
    """A WebSocket to the pages. host: as the Host header has it, wherever the app really is."""
    with connect(
        f"ws://{host or f'localhost:{port_of(app)}'}/_stcore/stream",
        sock=connect_raw(app),
        origin=Origin(origin) if origin else None,
        subprotocols=[Subprotocol("streamlit")],
        max_size=MAX_MESSAGE,
        proxy=None,
    ) as stream:
        yield stream


@dataclass
class Visitor:
    """Of a page that is open."""

    app: RunningApp
    session_id: str
    client: httpx.Client

    def upload(self, size: int, *, name: str | None = None) -> httpx.Response:
        """A file of that many bytes, as the page's uploader sends it."""
        files = {"file": ("made.csv", b"x" * size, "text/csv")}
        return self.client.put(self._address(name or str(uuid4())), files=files)

    def upload_without_size(self) -> httpx.Response:
        return self.client.put(self._address("endless"), content=iter([b"x" * 1000] * 3))

    def remove(self, name: str) -> httpx.Response:
        return self.client.delete(self._address(name))

    def with_page_of(self, other: "Visitor") -> "Visitor":
        """This browser, with the Streamlit session of somebody else."""
        return replace(self, session_id=other.session_id)

    def _address(self, name: str) -> str:
        return f"/_stcore/upload_file/{self.session_id}/{name}"


@contextmanager
def visiting(app: RunningApp) -> Iterator[Visitor]:
    """Somebody who has signed in."""
    browser = Browser(app)
    browser.sign_in()
    with browser.page() as stream, closing(browser.http) as client:
        client.get("/_stcore/health")
        client.headers["X-Xsrftoken"] = client.cookies["_streamlit_xsrf"]
        yield Visitor(app, run(stream)[0], client)
