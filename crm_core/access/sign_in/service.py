"""Signing in and out: who is offered what, the ticket that a browser trades for a session, and its end."""

import secrets
from contextlib import suppress
from dataclasses import dataclass

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.sessions import Sessions, hash_secret
from crm_core.access.sign_in.identities import DEMO_PREFIX, LOCAL_ADMIN, Identities
from crm_core.access.sign_in.tickets import Tickets
from crm_core.errors import Forbidden, Unavailable
from crm_core.settings import Mode, Settings


@dataclass(frozen=True)
class Offers:
    """What the sign-in page offers."""

    demo: bool
    local_admin: bool


class SignIn:
    """Every method raises Unavailable while a server is away."""

    def __init__(
        self, settings: Settings, sessions: Sessions, tickets: Tickets, identities: Identities, audit: AuditLog
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._tickets = tickets
        self._identities = identities
        self._audit = audit

    @property
    def offers(self) -> Offers:
        return Offers(self._settings.mode is Mode.DEMO, self._settings.local_admin)

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

    def exchange(self, ticket: str, nonce: str) -> str:
        """The secret of a new session. nonce: of the browser's cookie. Raises Forbidden."""
        user_id = self._tickets.redeem(ticket, hash_secret(nonce))
        actor = self._identities.of_user(user_id) if user_id else None
        if actor is None:
            raise Forbidden("This sign-in has expired or was used already. Reload the page and sign in again.")
        secret = self._sessions.open(actor.id)
        self._audit.record(actor, "session.begin", actor.id)
        return secret

    def recognise(self, secret: str) -> str | None:
        """The id of the session of a cookie, for which this is use; None for one that has ended."""
        session_id = hash_secret(secret)
        if self._identities.actor_of(session_id) is None:
            return None
        with suppress(Unavailable):
            self._sessions.note_use(session_id)
        return session_id

    def sign_out(self, session_id: str) -> None:
        """End the session in every tab; nothing if it has ended already."""
        actor = self._identities.actor_of(session_id)
        self._sessions.end(session_id)
        self._identities.forget(session_id)
        if actor:
            self._audit.record(actor, "session.end", actor.id)

    def actor_of(self, session_id: str) -> Actor | None:
        """Who acts in a session, at most 2 s old."""
        return self._identities.actor_of(session_id)
