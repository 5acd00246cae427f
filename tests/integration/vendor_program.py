"""The simulated vendor as a real process, and a real HTTP receiver for its callbacks."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx

from crm_core.campaigns.messages.signature import verify
from crm_core.errors import Forbidden
from tests import plain_http

SECRET = "a-shared-secret"
AUTHORIZED = {"Authorization": f"Bearer {SECRET}"}
ROOT = Path(__file__).resolve().parents[2]
_DEADLINE_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not is_true():
        assert time.monotonic() < deadline, f"waited {_DEADLINE_S} s in vain: {what}"
        time.sleep(0.01)


@dataclass(frozen=True)
class Call:
    """One callback as it came over the wire."""

    signature: str | None
    body: bytes
    at: int

    @property
    def receipts(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.body)["receipts"]
        return found

    @property
    def is_signed(self) -> bool:
        try:
            verify(self.signature, self.body, (SECRET,), self.at)
        except Forbidden:
            return False
        return True


@dataclass
class Receiver:
    """Stands for the app: records every callback, answers ``status``, and hangs while ``open`` is not set.

    refused_key: a call that holds this key is answered 422. verifies: a call with a bad signature is answered 403.
    """

    port: int = field(default_factory=free_port)
    status: int = 202
    refused_key: str = ""
    verifies: bool = False
    calls: list[Call] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    def receipts(self) -> list[dict[str, str]]:
        """What came in calls answered with whatever status, repeats included."""
        return [receipt for call in list(self.calls) for receipt in call.receipts]

    def start(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # its sender was killed in the middle
                    return
                call = Call(self.headers["X-Signature"], body, int(time.time()))
                receiver.calls.append(call)
                receiver.open.wait(_DEADLINE_S)
                self.send_response(receiver.answer(call))
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def answer(self, call: Call) -> int:
        if self.verifies and not call.is_signed:
            return 403
        return 422 if any(told["key"] == self.refused_key for told in call.receipts) else self.status

    def stop(self) -> None:
        self.open.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@dataclass
class VendorProgram:
    """``python -m workers.vendor`` on a port and a file of its own; may be killed and started again."""

    data: Path
    callback_url: str
    arguments: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        command = [sys.executable, "-m", "workers.vendor", "--until-eof", "--port", str(self.port)]
        command += ["--data", str(self.data), "--callback-url", self.callback_url, *self.arguments]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("CRM_")}
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, env=clean | {"CRM_VENDOR_SECRET": SECRET}
        )
        wait_until(self._answers, "the vendor answers")
        return self

    def _answers(self) -> bool:
        assert self.process
        assert self.process.poll() is None, "the vendor ended by itself"
        try:
            self.get("/v1/health")
        except httpx.TransportError:
            return False
        return True

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            assert self.process.stdin
            self.process.stdin.close()

    def get(self, path: str) -> dict[str, Any]:
        answer = plain_http.get(f"http://127.0.0.1:{self.port}{path}", headers=AUTHORIZED)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def behave(self, **fields: object) -> httpx.Response:
        """Change the behaviour from now on."""
        url = f"http://127.0.0.1:{self.port}/v1/behaviour"
        return plain_http.patch(url, json=fields, headers=AUTHORIZED)

    def counters(self, campaign: str) -> dict[str, Any]:
        return self.get(f"/v1/counters?campaign={campaign}")

    def post(self, body: object, token: str | None = SECRET, timeout_s: float = 30) -> httpx.Response:
        headers = httpx.Headers({} if token is None else {"Authorization": f"Bearer {token}"}, "latin-1")
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/v1/messages"
        return plain_http.post(url, content=content, headers=headers, timeout=timeout_s)

    def send(self, campaign: str, keys: list[str]) -> list[dict[str, Any]]:
        """Send one in-app message per key, each to the customer its key names; return the results."""
        answer = self.post({"campaign": campaign, "messages": [message(key) for key in keys]})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = answer.json()["results"]
        return results


def message(key: str) -> dict[str, str]:
    """A message to the customer that the key ``campaign:customer#n`` names."""
    recipient = key.partition(":")[2].partition("#")[0]
    return {"key": key, "to": recipient, "channel": "in_app", "body": "An offer for you"}
