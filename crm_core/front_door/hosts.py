"""Under which names people reach the app, and pages of which sites may speak to it: exactly its own."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from crm_core.front_door.refusals import Refusal

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORTS = {"http": 80, "https": 443}

Headers = Iterable[tuple[bytes, bytes]]


class Addresses:
    """Of the app, from its settings and the port that it listens on; no forwarded header has a say.

    checks_host: False behind a host's own proxy, which alone reaches the app and routes by name itself.
    """

    def __init__(self, public_url: str | None, port: int, *, checks_host: bool = True) -> None:
        urls = [public_url] if public_url else [f"{s}://{name}:{port}" for name in _LOOPBACK for s in _DEFAULT_PORTS]
        self._hosts = frozenset(name for url in urls for name in _hosts_of(url))
        self._origins = frozenset(origin for url in urls for origin in _origins_of(url))
        self._checks_host = checks_host
        self.shown = public_url or f"http://localhost:{port}"

    def check(self, headers: Headers) -> Refusal | None:
        """What is wrong with the request's Host or Origin, if anything is. Programs send no Origin."""
        hosts, origins = [], []
        for name, value in headers:
            if name == b"host":
                hosts.append(value.lower())
            elif name == b"origin":
                origins.append(value)
        if self._checks_host and (len(hosts) != 1 or hosts[0] not in self._hosts):
            return self._wrong_host()
        if origins and (len(origins) != 1 or origins[0] not in self._origins):
            return Refusal(403, "origin", "A page of another site sent this request: it was refused.")
        return None

    def _wrong_host(self) -> Refusal:
        return Refusal(
            400,
            "host",
            f"ClientNest does not answer under this address. Open {self.shown} instead, or, if you run it, set "
            "CRM_PUBLIC_URL to the address that people use.",
        )


def _hosts_of(url: str) -> Iterable[bytes]:
    """As the Host header names it: browsers leave the scheme's own port out, other programs may not."""
    parts = urlsplit(url)
    own = _DEFAULT_PORTS[parts.scheme]
    host = parts.netloc.removesuffix(f":{own}")
    yield host.encode()
    if (parts.port or own) == own:
        yield f"{host}:{own}".encode()


def _origins_of(url: str) -> Iterable[bytes]:
    parts = urlsplit(url)
    yield f"{parts.scheme}://{parts.netloc.removesuffix(f':{_DEFAULT_PORTS[parts.scheme]}')}".encode()
