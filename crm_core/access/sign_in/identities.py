"""Whom a session stands for now: its user's present role, or nobody once either has ended."""

import threading
import time
from collections.abc import Callable, Collection

from cachetools import TTLCache

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.permissions import Role
from crm_core.access.sessions import Session, Sessions
from crm_core.access.users import User
from crm_core.errors import Unavailable
from crm_core.settings import Mode, Settings

DEMO_PREFIX = "demo:"
LOCAL_ADMIN = "local-admin"
FRESH_S = 2.0
"""A session that has ended, and a role that has changed, are noticed within that time."""
OUTAGE_S = 300.0
"""While a server is away, people stay who they were for that long."""
MAX_KNOWN = 10_000

FindUser = Callable[[str], User | None]


class Identities:
    """timer: in seconds, for the age of what is remembered."""

    def __init__(
        self,
        sessions: Sessions,
        find_user: FindUser,
        settings: Settings,
        *,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sessions = sessions
        self._find_user = find_user
        self._settings = settings
        self._fresh: TTLCache[str, Actor | None] = TTLCache(MAX_KNOWN, FRESH_S, timer)
        self._last: TTLCache[str, Actor | None] = TTLCache(MAX_KNOWN, OUTAGE_S, timer)
        self._lock = threading.Lock()

    def actor_of(self, session_id: str) -> Actor | None:
        """Who acts in that session. Raises Unavailable when that cannot be told."""
        with self._lock:
            if session_id in self._fresh:
                return self._fresh[session_id]
        try:
            actor = self._read(session_id)
        except Unavailable:
            with self._lock:
                if session_id not in self._last:
                    raise
                actor = self._fresh[session_id] = self._last[session_id]
            return actor
        with self._lock:
            if self._last.get(session_id, actor) is None:
                return None  # ended while it was read: an ended session does not come back
            self._fresh[session_id] = self._last[session_id] = actor
        return actor

    def ended(self, session_ids: Collection[str]) -> set[str]:
        """Those of ``session_ids`` that have ended or expired. Raises Unavailable."""
        gone = set(session_ids) - set(self._sessions.living(session_ids))
        for session_id in gone:
            self.forget(session_id)
        return gone

    def forget(self, session_id: str) -> None:
        """Its session was ended: ask nobody, during an outage neither."""
        with self._lock:
            self._fresh[session_id] = self._last[session_id] = None

    def of_user(self, user_id: str) -> Actor | None:
        """Who a user is now; None for one that this mode does not know."""
        if user_id == LOCAL_ADMIN:
            return Actor(ActorKind.USER, user_id, "local admin", Role.ADMIN) if self._settings.local_admin else None
        if user_id.startswith(DEMO_PREFIX):
            name = f"visitor {user_id.removeprefix(DEMO_PREFIX)[:4]}"
            is_demo = self._settings.mode is Mode.DEMO
            return Actor(ActorKind.USER, user_id, name, Role.MARKETER) if is_demo else None
        user = self._find_user(user_id)
        return Actor(ActorKind.USER, user.id, user.name, user.role) if user else None

    def _read(self, session_id: str) -> Actor | None:
        session: Session | None = self._sessions.get(session_id)
        return self.of_user(session.user_id) if session else None
