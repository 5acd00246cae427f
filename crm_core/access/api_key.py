"""An API key: what it may do, for whom, until when, and how fast."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, cached_property
from typing import Self

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.permissions import ROLES_ALLOWED, Permission, Role
from crm_core.access.scopes import PERMISSIONS, Scope, allowed_by
from crm_core.errors import InvalidInput

MAX_PER_SECOND = 1_000_000
BURST_S = 5
MAX_BURST_S = 3600
MAX_ORIGINS = 100


@dataclass(frozen=True)
class RateLimit:
    """Requests: so many per second, and so many at once after a pause."""

    per_second: int
    burst: int


@dataclass(frozen=True)
class ApiKey:
    """scopes: those given to it. owner: as they are now, None once they were removed. rate: its own; None for the
    default of the settings. origin: the address that sends it just now."""

    id: str
    name: str
    scopes: frozenset[Scope]
    owner_id: str
    owner: Actor | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    rate: RateLimit | None = None
    origin: str | None = None

    @cached_property
    def actor(self) -> Actor:
        """Bounded by its scopes and by the present role of its owner."""
        role = self.owner.role if self.owner else Role.VIEWER
        limit = allowed_by(self.scopes) if self.owner else frozenset()
        return Actor(ActorKind.KEY, self.id, self.name, role, limit, self.origin)

    @property
    def usable_scopes(self) -> frozenset[Scope]:
        """Those that the owner's role allows."""
        return scopes_within(self.owner.role) & self.scopes if self.owner else frozenset()

    def fault(self, now: datetime) -> str | None:
        """Why it does not work any more, or None."""
        if self.revoked_at:
            return "was revoked"
        if self.expires_at and self.expires_at <= now:
            return f"expired at {self.expires_at:%Y-%m-%d %H:%M} UTC"
        return None if self.owner else "belongs to somebody who was removed"

    def seen_from(self, origin: str | None) -> Self:
        """The same key, as it is sent from that address; made once for each, since every request asks."""
        if origin not in self._seen:
            if len(self._seen) >= MAX_ORIGINS:
                self._seen.clear()
            self._seen[origin] = replace(self, origin=origin)
        return self._seen[origin]

    @cached_property
    def _seen(self) -> dict[str | None, Self]:
        return {}


@cache
def scopes_within(role: Role) -> frozenset[Scope]:
    """The scopes of which this role may use what they are for; every role may read figures."""
    return frozenset(scope for scope in Scope if any(role in ROLES_ALLOWED[each] for each in _purposes(scope)))


def _purposes(scope: Scope) -> frozenset[Permission]:
    return PERMISSIONS[scope] - {Permission.READ_FIGURES} or PERMISSIONS[scope]


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
