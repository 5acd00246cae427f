"""An OpenID provider, such as Google: where it is asked, and who its tokens say somebody is.

Sources: OpenID Connect Core 1.0, 3.1.3.7 (what to check of an ID token), Discovery 1.0, RFC 8725 (JWT best practices).
"""

import secrets
import threading
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
from cachetools import TTLCache, cachedmethod
from pydantic import BaseModel, HttpUrl, ValidationError

from crm_core.access.accounts import Account
from crm_core.errors import Forbidden, Unavailable

GOOGLE: Final = "https://accounts.google.com"
SCOPE: Final = "openid email profile"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key that only the provider has. So neither none nor one made with the client's secret."""
REQUIRED: Final = ("iss", "aud", "exp", "iat", "sub", "nonce")
CLOCK_SKEW_S: Final = 60
TIMEOUT_S: Final = 10
REMEMBERED_S: Final = 3600


class Endpoints(BaseModel):
    """What we use of the provider's discovery document."""

    issuer: str
    authorization_endpoint: HttpUrl
    token_endpoint: HttpUrl
    jwks_uri: HttpUrl


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. email: as it writes it."""

    email: str
    name: str
    account: Account


class Provider:
    """issuer: its address, below which its discovery document is."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer.rstrip("/")
        self.client_id = client_id
        self.client_secret = client_secret
        self._documents: TTLCache[Any, Endpoints] = TTLCache(1, REMEMBERED_S)
        self._keys: dict[str, jwt.PyJWKClient] = {}
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """As the button says it."""
        return "Google" if self.issuer == GOOGLE else urlsplit(self.issuer).hostname or self.issuer

    @cachedmethod(lambda self: self._documents, lock=lambda self: self._lock)
    def endpoints(self) -> Endpoints:
        """Raises Unavailable when the provider does not answer, or not as one."""
        try:
            answer = httpx.get(f"{self.issuer}/.well-known/openid-configuration", timeout=TIMEOUT_S)
            found = Endpoints.model_validate_json(answer.raise_for_status().content)
        except (httpx.HTTPError, ValidationError) as exc:
            raise Unavailable(f"{self.name} cannot be reached for signing in. Try again in a moment.") from exc
        if found.issuer.rstrip("/") != self.issuer:
            raise Unavailable(f"{self.issuer} says that it is {found.issuer}; CRM_SIGN_IN_ISSUER has to be the same.")
        return found

    def identify(self, id_token: str, *, nonce: str) -> Identity:
        """Whom a token is about, once all of it is checked. Raises Forbidden that says what is wrong, and Unavailable.

        nonce: what this attempt to sign in has asked to be put into it.
        """
        claims = self._verified(id_token)
        if not secrets.compare_digest(str(claims["nonce"]).encode("utf-8", "surrogatepass"), nonce.encode()):
            raise Forbidden("The token belongs to another attempt to sign in.")
        if claims.get("azp", self.client_id) != self.client_id:
            raise Forbidden("The token was issued to another application.")
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise Forbidden(f"{self.name} has not verified the e-mail address of this account.")
        name = claims.get("name")
        account = Account(claims["iss"], claims["sub"])
        return Identity(email, name if isinstance(name, str) else "", account)

    def _verified(self, id_token: str) -> dict[str, Any]:
        endpoints = self.endpoints()
        try:
            return jwt.decode(
                id_token,
                self._key_of(id_token, str(endpoints.jwks_uri)),
                algorithms=ALGORITHMS,
                audience=self.client_id,
                issuer=endpoints.issuer,
                leeway=CLOCK_SKEW_S,
                options={"require": list(REQUIRED), "strict_aud": False},
            )
        except jwt.PyJWKClientConnectionError as exc:
            raise Unavailable(f"The keys of {self.name} cannot be read. Try again in a moment.") from exc
        except (jwt.PyJWTError, ValueError) as exc:
            raise Forbidden(f"The token of {self.name} is not valid: {exc}.") from exc

    def _key_of(self, id_token: str, address: str) -> jwt.PyJWK:
        """The provider's key that the token names; one that names none is signed with the only one that there is."""
        with self._lock:
            keys = self._keys.setdefault(address, jwt.PyJWKClient(address, timeout=TIMEOUT_S))
        if "kid" in jwt.get_unverified_header(id_token):
            return keys.get_signing_key_from_jwt(id_token)
        only, *others = keys.get_signing_keys()
        if others:
            raise jwt.PyJWKClientError("it does not say which key has signed it")
        return only
