"""One-time tickets: a page, which cannot set a cookie, hands one to the browser, which trades it for a session."""

import json
import secrets
from datetime import timedelta
from typing import cast

import redis

from crm_core.access.sessions import hash_secret
from crm_core.infra.streams import redis_translated

LIFETIME = timedelta(seconds=60)


class Tickets:
    """Each is bound to a browser by the hash of its nonce, a cookie that no script can read."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def issue(self, user_id: str, nonce_hash: str) -> str:
        ticket = secrets.token_urlsafe(32)
        with redis_translated():
            self._redis.set(_key(ticket), json.dumps([user_id, nonce_hash]), ex=LIFETIME)
        return ticket

    def redeem(self, ticket: str, nonce_hash: str) -> str | None:
        """The user that it was issued for; None for one that is unknown, expired, used, or of another browser.

        Any attempt uses the ticket up.
        """
        with redis_translated():
            stored = cast("bytes | None", self._redis.getdel(_key(ticket)))
        if stored is None:
            return None
        user_id, bound_to = json.loads(stored)
        return user_id if secrets.compare_digest(bound_to, nonce_hash) else None


def _key(ticket: str) -> str:
    return f"sign-in:ticket:{hash_secret(ticket)}"
