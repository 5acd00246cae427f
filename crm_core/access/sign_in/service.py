"""Signing in and out: who is offered what, the ticket that a browser trades for a session, and its end."""

import secrets
import threading
from contextlib import suppress
from dataclasses import dataclass, replace

from cachetools import TTLCache

from crm_core.access.actor import Actor, anybody
from crm_core.access.audit import AuditLog
from crm_core.access.audit_counts import AuditCounts
from crm_core.access.permissions import Role
from crm_core.access.sessions import NOTED_EVERY, Sessions, hash_secret
from crm_core.access.sign_in.allow_list import AllowList
from crm_core.access.sign_in.identities import DEMO_PREFIX, LOCAL_ADMIN, MAX_KNOWN, Identities
from crm_core.access.sign_in.provider import Provider
from crm_core.access.sign_in.tickets import Tickets
from crm_core.access.users import SIGN_IN, Users, clean_email
from crm_core.errors import Forbidden, InvalidInput, Unavailable
from crm_core.infra.clock import Clock
from crm_core.settings import Mode, Settings


@dataclass(frozen=True)
class Offers:
    """What the sign-in page offers."""

    demo: bool
    local_admin: bool
    provider: Provider | None


class SignIn:
    """Every method raises Unavailable while a server is away."""

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        tickets: Tickets,
        identities: Identities,
        users: Users,
        audit: AuditLog,
        counts: AuditCounts,
        clock: Clock,
    ) -> None:
        self._sessions = sessions
        self._tickets = tickets
        self._identities = identities
        self._users = users
        self._audit = audit
        self._counts = counts
        self._allowed = AllowList.parse(settings.sign_in_allowed or "")
        self.offers = Offers(settings.mode is Mode.DEMO, settings.local_admin, provider_of(settings))
        self._lock = threading.Lock()
        self._noted: TTLCache[str, bool] = TTLCache(
            MAX_KNOWN, NOTED_EVERY.total_seconds(), timer=lambda: clock().timestamp()
        )

    def visitor_ticket(self, nonce_hash: str) -> str:
        """For a new visitor of the demo. Raises Forbidden in production."""
        if not self.offers.demo:
            raise Forbidden("Visitors may come in to a demo only.")
        return self._tickets.issue(DEMO_PREFIX + secrets.token_hex(8), nonce_hash)

    def local_admin_ticket(self, nonce_hash: str) -> str:
        """Raises Forbidden unless the app was started with CRM_LOCAL_ADMIN."""
        if not self.offers.local_admin:
            raise Forbidden("This app was not started with CRM_LOCAL_ADMIN=1.")
        return self._tickets.issue(LOCAL_ADMIN, nonce_hash)

    def member_ticket(self, id_token: str, *, nonce: str, nonce_hash: str, origin: str | None = None) -> str:
        """For the user whom the provider's token is about. nonce: of the attempt. Raises Forbidden, in words."""
        provider, email = self.offers.provider, "unknown"
        if provider is None:
            raise Forbidden("This app has no sign-in provider.")
        try:
            identity = provider.identify(id_token, nonce=nonce)
            email = clean_email(identity.email)
            newcomer = Role.VIEWER if self._allowed.names(email) else None
            user = self._users.admit(email, identity.name, identity.account, newcomer=newcomer)
            if user is None:
                raise Forbidden(f"{email} may not sign in here. Ask an admin of this workspace for an invitation.")
        except (Forbidden, InvalidInput) as exc:
            self._audit.record(replace(SIGN_IN, origin=origin), "sign_in.refused", email, {"reason": str(exc)})
            raise
        return self._tickets.issue(user.id, nonce_hash)

    def exchange(self, ticket: str, nonce: str, *, origin: str | None = None) -> str:
        """The secret of a new session. nonce: of the browser's cookie. origin: its address. Raises Forbidden."""
        user_id = self._tickets.redeem(ticket, hash_secret(nonce))
        actor = self._identities.of_user(user_id) if user_id else None
        if actor is None:
            self.note_failure("a ticket that has expired, was used, or is of another browser", origin=origin)
            raise Forbidden("This sign-in has expired or was used already. Reload the page and sign in again.")
        secret = self._sessions.open(actor.id)
        self._audit.record(replace(actor, origin=origin), "session.begin", actor.id)
        return secret

    def note_failure(self, reason: str, *, origin: str | None) -> None:
        """A sign-in that failed, for the audit log, counted by the hour."""
        self._counts.note(anybody(origin), "sign_in.failed", "", {"reason": reason})

    def recognise(self, secret: str) -> str | None:
        """The id of the session of a cookie, for which this is use; None for one that has ended."""
        session_id = hash_secret(secret)
        actor = self._identities.actor_of(session_id)
        if actor is None:
            return None
        self.note_use(session_id, actor.id)
        return session_id

    def note_use(self, session_id: str, user_id: str) -> None:
        """Put off the session's idle expiry, and note that its user was seen: once a minute."""
        with self._lock:
            if session_id in self._noted:
                return
            self._noted[session_id] = True
        with suppress(Unavailable):  # what is being done needs neither
            self._sessions.note_use(session_id)
            self._users.note_seen(user_id)

    def sign_out(self, session_id: str, *, origin: str | None = None) -> None:
        """End the session in every tab; nothing if it has ended already. origin: the browser's address."""
        actor = self._identities.actor_of(session_id)
        self._sessions.end(session_id)
        self._identities.forget(session_id)
        if actor:
            self._audit.record(replace(actor, origin=origin or actor.origin), "session.end", actor.id)

    def actor_of(self, session_id: str) -> Actor | None:
        """Who acts in a session, at most 2 s old."""
        return self._identities.actor_of(session_id)


def provider_of(settings: Settings) -> Provider | None:
    if not settings.sign_in_client_id or not settings.sign_in_client_secret:
        return None
    return Provider(
        settings.sign_in_issuer, settings.sign_in_client_id, settings.sign_in_client_secret.get_secret_value()
    )
