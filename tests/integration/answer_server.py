"""A real HTTP server that gives the answers it was told to give, whatever it is asked."""

import json
import threading
from collections.abc import Iterator, Mapping, MutableSequence, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """body: bytes as they are, anything else as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


NOT_FOUND = Answer(404, {"detail": "Not Found"})


@contextmanager
def answer_server(
    answers: Sequence[Answer], *, gets: Sequence[Answer] = (NOT_FOUND,), received: MutableSequence[Any] | None = None
) -> Iterator[str]:
    """Returns its address. The answers to POST, and gets to GET, are given in turn, the last one for ever.

    received: where the JSON of each POST is put.
    """
    left = {"POST": list(answers), "GET": list(gets)}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if received is not None:
                received.append(json.loads(body))
            self._answer(left["POST"])

        def do_GET(self) -> None:
            self._answer(left["GET"])

        def _answer(self, answers: list[Answer]) -> None:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
