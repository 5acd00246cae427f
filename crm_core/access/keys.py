"""API keys: 256 random bits, shown once, kept as SHA-256."""

import hashlib
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bson import ObjectId

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission, Role
from crm_core.access.scopes import Scope, allowed_by
from crm_core.errors import InvalidInput, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

PREFIX = "cn_"
CACHE_S = 5.0
MAX_PER_SECOND = 1_000_000
BURST_S = 5
MAX_BURST_S = 3600


@dataclass(frozen=True)
class RateLimit:
    """Requests: so many per second, and so many at once after a pause."""

    per_second: int
    burst: int


def choose_rate(per_second: int | None, burst: int | None) -> RateLimit | None:
    """The rate that a key gets of its own, or None. burst: when left out, what 5 s allow. Raises InvalidInput."""
    if per_second is None:
        if burst is not None:
            raise InvalidInput("A burst needs a rate as well: say how many requests per second.", field="burst")
        return None
    if not 1 <= per_second <= MAX_PER_SECOND:
        raise InvalidInput(
            f"A rate of {per_second:,} requests per second is out of bounds: 1 to {MAX_PER_SECOND:,}.", field="rate"
        )
    burst, most = per_second * BURST_S if burst is None else burst, per_second * MAX_BURST_S
    if not per_second <= burst <= most:
        raise InvalidInput(
            f"A burst of {burst:,} requests is out of bounds: at a rate of {per_second:,} per second, "
            f"{per_second:,} (what one second allows) to {most:,} (an hour).",
            field="burst",
        )
    return RateLimit(per_second, burst)


@dataclass(frozen=True)
class ApiKey:
    """rate: its own; None for the default of the settings."""

    id: str
    name: str
    scopes: frozenset[Scope]
    rate: RateLimit | None = None

    @property
    def actor(self) -> Actor:
        """Bounded by its scopes and by the role of its owner."""
        return Actor(ActorKind.KEY, self.id, self.name, Role.ADMIN, allowed_by(self.scopes))


class ApiKeys:
    """Looks keys up in the database, and remembers each answer for 5 s, a known key through an outage."""

    def __init__(self, db: Db, audit: AuditLog, clock: Clock) -> None:
        self._keys = db.api_keys
        self._audit = audit
        self._clock = clock
        self._known: dict[str, tuple[float, ApiKey | None]] = {}
        self._lock = threading.Lock()

    def create(self, name: str, scopes: Sequence[str], *, actor: Actor, rate: RateLimit | None = None) -> str:
        """Make a key and give its secret, which cannot be had again. Raises InvalidInput."""
        actor.require(Permission.MANAGE_KEYS)
        if not name.strip() or len(name) > 100:
            raise InvalidInput("A key needs a name of 1 to 100 characters.", field="name")
        chosen = sorted({_scope(scope) for scope in scopes})
        if not chosen:
            raise InvalidInput(f"A key needs at least one scope of {', '.join(Scope)}.", field="scopes")
        secret = PREFIX + secrets.token_urlsafe(32)
        key_id = str(ObjectId())
        with translated():
            self._keys.insert_one(
                {
                    "_id": key_id,
                    "name": name,
                    "scopes": chosen,
                    "hash": _hash(secret),
                    "created_at": self._clock(),
                    **({"rate": asdict(rate)} if rate else {}),
                }
            )
        self._audit.record(actor, "key.create", key_id, {"scopes": chosen, **(asdict(rate) if rate else {})})
        return secret

    def cached(self, secret: str) -> tuple[bool, ApiKey | None]:
        """Whether the answer is known without the database, and the answer."""
        found = self._known.get(_hash(secret))
        if found is None or time.monotonic() - found[0] > CACHE_S:
            return False, None
        return True, found[1]

    def find(self, secret: str) -> ApiKey | None:
        """The key with that secret, or None. Raises Unavailable for one that is not remembered."""
        is_known, key = self.cached(secret)
        if is_known:
            return key
        digest = _hash(secret)
        key = self._read(digest)
        with self._lock:
            if len(self._known) > 1000:
                self._known.clear()
            self._known[digest] = (time.monotonic(), key)
        return key

    def _read(self, digest: str) -> ApiKey | None:
        """From the database; while it is away, a key that was good when it was last looked up still is."""
        try:
            with translated():
                row = self._keys.find_one({"hash": digest})
        except Unavailable:
            _, last = self._known.get(digest, (0.0, None))
            if last is None:
                raise
            return last
        return _to_key(row) if row else None


def _to_key(row: Doc) -> ApiKey:
    rate = RateLimit(**row["rate"]) if "rate" in row else None
    return ApiKey(row["_id"], row["name"], frozenset(map(Scope, row["scopes"])), rate)


def _scope(name: str) -> Scope:
    try:
        return Scope(name)
    except ValueError:
        raise InvalidInput(f"{name!r} is no scope; allowed are {', '.join(Scope)}.", field="scopes") from None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
