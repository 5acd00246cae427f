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

SECRET = "a-shared-secret"
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


@dataclass
class Receiver:
    """Stands for the app: records every callback, answers ``status``, and hangs while ``open`` is not set.

    refused_key: a call that holds this key is answered 422.
    """

    port: int = field(default_factory=free_port)
    status: int = 202
    refused_key: str = ""
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
                refused = any(told["key"] == receiver.refused_key for told in call.receipts)
                self.send_response(422 if refused else receiver.status)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

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
        answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def counters(self, campaign: str) -> dict[str, int]:
        return self.get(f"/v1/counters?campaign={campaign}")

    def post(self, body: object, token: str | None = SECRET) -> httpx.Response:
        headers = httpx.Headers({} if token is None else {"Authorization": f"Bearer {token}"}, "latin-1")
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}/v1/messages"
        return httpx.post(url, content=content, headers=headers, timeout=30, trust_env=False)

    def send(self, campaign: str, keys: list[str]) -> list[dict[str, str]]:
        """Send one in-app message per key, each to the customer its key names; return the results."""
        answer = self.post({"campaign": campaign, "messages": [message(key) for key in keys]})
        assert answer.status_code == 200, answer.text
        results: list[dict[str, str]] = answer.json()["results"]
        return results


def message(key: str) -> dict[str, str]:
    """A message to the customer that the key ``campaign:customer#n`` names."""
    recipient = key.partition(":")[2].partition("#")[0]
    return {"key": key, "to": recipient, "channel": "in_app", "body": "An offer for you"}
