"""Sign-in sessions, in Valkey: a random secret in the browser's cookie, its SHA-256 here, and two expiries."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import redis

from crm_core.infra.clock import Clock
from crm_core.infra.streams import redis_translated

IDLE = timedelta(hours=12)
"""A session ends when it was not used for that long."""
LONGEST = timedelta(days=7)
"""It ends then, however much it is used."""
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Session:
    """id: the SHA-256 of the secret, which is safe to log."""

    id: str
    user_id: str
    opened_at: datetime


@dataclass(frozen=True)
class _Stored:
    session: Session
    used_at: datetime

    def left(self, now: datetime) -> timedelta:
        """How long it lives if it is not used."""
        return min(self.used_at + IDLE, self.session.opened_at + LONGEST) - now


class Sessions:
    """Every method raises Unavailable while Valkey is away."""

    def __init__(self, client: redis.Redis, clock: Clock) -> None:
        self._redis = client
        self._clock = clock

    def open(self, user_id: str) -> str:
        """Begin a session and return its secret, which is stored nowhere."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        session = Session(hash_secret(secret), user_id, now)
        with redis_translated():
            pipe = self._redis.pipeline()
            pipe.set(_key(session.id), _dump(session, used_at=now), ex=IDLE)
            pipe.sadd(_user_key(user_id), session.id)
            pipe.expire(_user_key(user_id), LONGEST)
            pipe.execute()
        return secret

    def find(self, secret: str) -> Session | None:
        """The session of a cookie that a browser has sent. This counts as use."""
        session_id = hash_secret(secret)
        session = self.get(session_id)
        if session:
            self.note_use(session_id)
        return session

    def get(self, session_id: str) -> Session | None:
        """The session, unless it has ended or expired. This does not count as use."""
        return self.living((session_id,)).get(session_id)

    def living(self, session_ids: Iterable[str]) -> dict[str, Session]:
        """Those that have neither ended nor expired, by id, in one round trip."""
        return {session_id: stored.session for session_id, stored in self._read(session_ids).items()}

    def note_use(self, session_id: str) -> None:
        """Put off the idle expiry; written at most once a minute."""
        stored, now = self._read((session_id,)).get(session_id), self._clock()
        if stored is None or now - stored.used_at < NOTED_EVERY:
            return
        used = _Stored(stored.session, now)
        with redis_translated():  # only if it exists: a session that was ended meanwhile stays ended
            self._redis.set(_key(session_id), _dump(used.session, used_at=now), xx=True, ex=used.left(now))

    def end(self, session_id: str) -> None:
        """Once this returns, its cookie is worth nothing."""
        stored = self._read((session_id,)).get(session_id)
        with redis_translated():
            self._redis.delete(_key(session_id))
            if stored:
                self._redis.srem(_user_key(stored.session.user_id), session_id)

    def end_all(self, user_id: str) -> int:
        """End every session of a user; returns how many there were."""
        with redis_translated():
            members = sorted(cast("set[bytes]", self._redis.smembers(_user_key(user_id))))
            if not members:
                return 0
            ended = self._redis.delete(*(_key(each.decode()) for each in members))
            self._redis.srem(_user_key(user_id), *members)
        return ended

    def _read(self, session_ids: Iterable[str]) -> dict[str, _Stored]:
        ids = list(session_ids)
        if not ids:
            return {}
        with redis_translated():
            rows = cast("list[bytes | None]", self._redis.mget([_key(session_id) for session_id in ids]))
        now = self._clock()
        stored = {session_id: _load(session_id, row) for session_id, row in zip(ids, rows, strict=True) if row}
        return {session_id: each for session_id, each in stored.items() if each.left(now) > timedelta()}


def hash_secret(secret: str) -> str:
    """What a secret is stored and compared as."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _dump(session: Session, *, used_at: datetime) -> str:
    return json.dumps([session.user_id, session.opened_at.isoformat(), used_at.isoformat()])


def _load(session_id: str, row: bytes) -> _Stored:
    user_id, opened_at, used_at = json.loads(row)
    return _Stored(Session(session_id, user_id, datetime.fromisoformat(opened_at)), datetime.fromisoformat(used_at))


def _key(session_id: str) -> str:
    return f"sign-in:session:{session_id}"


def _user_key(user_id: str) -> str:
    return f"sign-in:user:{user_id}"
