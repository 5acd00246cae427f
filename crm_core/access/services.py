"""The services of access: people and their sessions, API keys and their limits, repeated requests, the audit log."""

from functools import cached_property

from crm_core.access.actor import Actor, ActorKind
from crm_core.access.api_key import RateLimit
from crm_core.access.audit import AuditLog
from crm_core.access.audit_counts import AuditCounts
from crm_core.access.idempotency import IdempotencyKeys
from crm_core.access.keys import ApiKeys
from crm_core.access.permissions import Role
from crm_core.access.rate import RateLimiter
from crm_core.access.sessions import Sessions
from crm_core.access.users import Users
from crm_core.infra.foundation import Foundation


class AccessServices(Foundation):
    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.db, self.clock)

    @cached_property
    def audit_counts(self) -> AuditCounts:
        return AuditCounts(self.db, self.clock)

    @cached_property
    def users(self) -> Users:
        return Users(
            self.db,
            self.audit,
            self.clock,
            first_admin=self.settings.first_admin,
            end_sessions=self.sessions.end_all,
        )

    @cached_property
    def keys(self) -> ApiKeys:
        return ApiKeys(self.db, self.audit, self.clock, find_owner=self._find_owner)

    def _find_owner(self, user_id: str) -> Actor | None:
        if user_id == "local":
            return Actor(ActorKind.USER, user_id, "app user", Role.ADMIN)
        user = self.users.get(user_id)
        return Actor(ActorKind.USER, user.id, user.name, user.role) if user else None

    def close(self) -> None:
        if "audit_counts" in vars(self):
            self.audit_counts.close()
        super().close()

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.redis, self.clock)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        return RateLimiter(self.redis_async, RateLimit(self.settings.api_rate, self.settings.api_burst))

    @cached_property
    def idempotency_keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.db, self.clock)
