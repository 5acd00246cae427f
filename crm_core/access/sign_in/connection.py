"""What the front door tells a page of its connection: whose it is, as a hash that no two browsers share."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from crm_core.access.sessions import hash_secret


class ConnectionKind(StrEnum):
    SESSION = "session"
    """Of a browser that has signed in; the value is the id of its session, which may have ended since."""
    NONCE = "nonce"
    """Of one that has not; the value is the hash of its nonce."""
    NO_COOKIE = "no-cookie"
    """Of one that keeps no cookies."""
    INSECURE = "insecure"
    """At an address where no cookie would be safe."""


@dataclass(frozen=True)
class Connection:
    kind: ConnectionKind
    value: str

    @classmethod
    def of_nonce(cls, nonce: str | None) -> Self:
        return cls(ConnectionKind.NONCE, hash_secret(nonce)) if nonce else cls.unbound(ConnectionKind.NO_COOKIE)

    @classmethod
    def unbound(cls, kind: ConnectionKind) -> Self:
        """Equal to no other, so that nothing of it can be resumed."""
        return cls(kind, secrets.token_hex(16))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The inverse of ``str``; what is no connection is one without cookies."""
        kind, _, value = text.partition(":")
        if kind in set(ConnectionKind) and value:
            return cls(ConnectionKind(kind), value)
        return cls.unbound(ConnectionKind.NO_COOKIE)

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}"

    @property
    def session_id(self) -> str | None:
        return self.value if self.kind is ConnectionKind.SESSION else None
