"""A browser as the front door sees it: an HTTP client that keeps cookies, and its page's WebSocket."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from crm_core.access.sessions import hash_secret
from crm_core.access.sign_in.identities import LOCAL_ADMIN
from crm_core.access.sign_in.tickets import Tickets
from crm_core.front_door.session_routes import BEGIN
from tests.running_app import RunningApp

RERUN = BackMsg(rerun_script=ClientState()).SerializeToString()
PATIENCE_S = 30.0


class Browser:
    """Has opened the app and so has a nonce; it is signed in after ``sign_in``."""

    def __init__(self, app: RunningApp) -> None:
        self._app = app
        self._port = urlsplit(app.url).port
        self.http = httpx.Client(base_url=app.url, trust_env=False, timeout=PATIENCE_S)
        self.http.get("/", headers={"accept": "text/html"})

    @property
    def nonce(self) -> str:
        return self.http.cookies[f"clientnest_nonce_{self._port}"]

    @property
    def secret(self) -> str:
        """Of its session."""
        return self.http.cookies[f"clientnest_{self._port}"]

    def ticket(self, user: str = LOCAL_ADMIN) -> str:
        """As the sign-in page of this browser issues it."""
        with self._app.services() as services:
            return Tickets(services.redis).issue(user, hash_secret(self.nonce))

    def begin(self, ticket: str) -> httpx.Response:
        return self.http.post(BEGIN, content=ticket)

    def sign_in(self, user: str = LOCAL_ADMIN) -> None:
        answer = self.begin(self.ticket(user))
        assert answer.status_code == 204, answer.text

    @contextmanager
    def page(
        self, streamlit_session: str = "", headers: dict[str, str] | None = None, *, origin: str = ""
    ) -> Iterator[ClientConnection]:
        """The WebSocket of a page. streamlit_session: the one that it asks to go on with. origin: the app's, unless
        given."""
        token = self.http.cookies.get("_streamlit_xsrf") or "none"
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        with connect(
            f"{self._app.url.replace('http', 'ws', 1)}/_stcore/stream",
            origin=Origin(origin or self._app.url),
            additional_headers={"Cookie": cookies, **(headers or {})},
            subprotocols=[Subprotocol(each) for each in ("streamlit", token, streamlit_session) if each],
            proxy=None,
            max_size=None,
        ) as socket:
            yield socket


def signed_in(app: RunningApp) -> httpx.Client:
    """The HTTP client of a browser that has signed in."""
    browser = Browser(app)
    browser.sign_in()
    return browser.http


def run(socket: ClientConnection) -> tuple[str, str]:
    """Run the page; returns the id of its Streamlit session, and all texts that it shows as one."""
    socket.send(RERUN)
    session_id, shown = "", b""
    while True:
        message = ForwardMsg.FromString(socket.recv(PATIENCE_S))
        session_id = message.new_session.initialize.session_id or session_id
        shown += message.SerializeToString()
        if message.WhichOneof("type") == "script_finished":
            return session_id, shown.decode("utf-8", "ignore")
