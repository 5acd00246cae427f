"""The services of access: people and their sessions, API keys and their limits, repeated requests, the audit log."""

from functools import cached_property

from redis import Redis

from crm_core.access.api_key import RateLimit
from crm_core.access.audit import AuditLog
from crm_core.access.audit_counts import AuditCounts
from crm_core.access.audit_reading import AuditReader
from crm_core.access.idempotency import IdempotencyKeys
from crm_core.access.keys import ApiKeys
from crm_core.access.personal_reads import PersonalReads
from crm_core.access.preferences import OwnPreferences
from crm_core.access.pseudonyms import Pseudonyms
from crm_core.access.rate import RateLimiter
from crm_core.access.sessions import Sessions
from crm_core.access.sign_in.identities import Identities
from crm_core.access.sign_in.service import SignIn
from crm_core.access.sign_in.tickets import Tickets
from crm_core.access.users import Users
from crm_core.infra.foundation import Foundation
from crm_core.infra.streams import connect_redis

SESSION_TIMEOUT_S = 2.0
"""Every page asks for its session: while Valkey hangs, none waits for long."""


class AccessServices(Foundation):
    @cached_property
    def audit(self) -> AuditLog:
        return AuditLog(self.db, self.clock, self.pseudonyms)

    @cached_property
    def audit_counts(self) -> AuditCounts:
        return AuditCounts(self.db, self.clock)

    @cached_property
    def audit_reader(self) -> AuditReader:
        return AuditReader(self.db, self.audit, self.audit_counts)

    @cached_property
    def pseudonyms(self) -> Pseudonyms:
        return Pseudonyms(self.db)

    @cached_property
    def personal_reads(self) -> PersonalReads:
        return PersonalReads(self.audit_counts, self.pseudonyms)

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
    def preferences(self) -> OwnPreferences:
        return OwnPreferences(self.db)

    @cached_property
    def keys(self) -> ApiKeys:
        return ApiKeys(self.db, self.audit, self.clock, find_owner=self.identities.of_user)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self._session_redis, self.clock)

    @cached_property
    def identities(self) -> Identities:
        return Identities(self.sessions, self.users.get, self.settings)

    @cached_property
    def sign_in(self) -> SignIn:
        tickets = Tickets(self._session_redis)
        found = (self.sessions, tickets, self.identities, self.users)
        return SignIn(self.settings, *found, self.audit, self.audit_counts, self.clock)

    @cached_property
    def _session_redis(self) -> Redis:
        assert self.settings.redis_url
        return connect_redis(self.settings.redis_url, timeout_s=SESSION_TIMEOUT_S, retries=1)

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        return RateLimiter(self.redis_async, RateLimit(self.settings.api_rate, self.settings.api_burst))

    @cached_property
    def idempotency_keys(self) -> IdempotencyKeys:
        return IdempotencyKeys(self.db, self.clock)

    def close(self) -> None:
        if "audit_counts" in vars(self):
            self.audit_counts.close()
        super().close()
