"""A provider whose keys the test holds: it signs whatever a test wants to be signed, rightly or wrongly."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, NONCE = "clientnest", "the nonce of this attempt"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Forge:
    """issuer: where it is served. keys: those that it publishes, by their id. secrets: the same, of keys that nobody
    should publish."""

    def __init__(self) -> None:
        self.issuer = ""
        self.keys = {"k1": new_key()}
        self.secrets: dict[str, str] = {}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Of a token that is good; a change to None leaves the claim out."""
        now = datetime.now(UTC)
        good = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "1",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "nonce": NONCE,
            "email": "Ada@Example.com",
            "email_verified": True,
            "name": "Ada Lovelace",
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def token(self, *, kid: str | None = "k1", key: rsa.RSAPrivateKey | None = None, **changes: Any) -> str:
        return jwt.encode(
            self.claims(**changes),
            key or self.keys["k1"],
            algorithm="RS256",
            headers={"kid": kid} if kid else None,
        )

    def unsigned(self) -> str:
        """``alg: none``, as nobody should believe it."""
        return jwt.encode(self.claims(), "", algorithm="none", headers={"kid": "k1"})

    def signed_with_public_key(self) -> str:
        """A signature that anybody could make, if the verifier took the published key for a shared secret."""
        body = ".".join(
            urlsafe_b64encode(json.dumps(part, default=lambda then: int(then.timestamp())).encode())
            .rstrip(b"=")
            .decode()
            for part in ({"alg": "HS256", "typ": "JWT", "kid": "k1"}, self.claims())
        )
        secret = json.dumps(self.published()["keys"][0]).encode()
        signature = jwt.get_algorithm_by_name("HS256").sign(body.encode(), secret)
        return f"{body}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    def published(self) -> dict[str, Any]:
        made = [
            jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        shared = [
            jwt.algorithms.HMACAlgorithm.to_jwk(secret, as_dict=True) | {"kid": kid, "use": "sig", "alg": "HS256"}
            for kid, secret in self.secrets.items()
        ]
        return {"keys": [*made, *shared]}

    def answer(self, path: str) -> Any:
        if path == "/keys":
            return self.published()
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }


@contextmanager
def serving(forge: Forge) -> Iterator[Forge]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(forge.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    forge.issuer = f"http://127.0.0.1:{server.server_port}"
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
