"""The people who may sign in, and the role of each."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bson import ObjectId
from pymongo.client_session import ClientSession

from crm_core.access.accounts import Account, keep_account
from crm_core.access.actor import Actor, system_actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission, Role
from crm_core.errors import Conflict, InvalidInput, NotFound
from crm_core.infra.atomic import exclusively
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import pattern_of

LOCK = "users"
SIGN_IN = system_actor("sign-in")
MAX_EMAIL = 254
SEEN_EVERY = timedelta(minutes=1)
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]+@[^@\s\x00-\x1f\x7f\ud800-\udfff]+\.[^@\s.]+")


@dataclass(frozen=True)
class User:
    """email: in lower case. name: as the sign-in gave it, the address until then. last_seen_at: None before the first
    sign-in."""

    id: str
    email: str
    name: str
    role: Role
    last_seen_at: datetime | None
    invited_at: datetime
    invited_by: str


class Users:
    """first_admin: an address that becomes an admin at its sign-in while there is none. end_sessions: signs a user out
    everywhere and returns from how many sessions."""

    def __init__(
        self,
        db: Db,
        audit: AuditLog,
        clock: Clock,
        *,
        first_admin: str | None = None,
        end_sessions: Callable[[str], int],
    ) -> None:
        self._db = db
        self._users = db.users
        self._audit = audit
        self._clock = clock
        self._first_admin = first_admin and clean_email(first_admin)
        self._end_sessions = end_sessions

    def find_by_email(self, email: str) -> User | None:
        with translated():
            row = self._users.find_one({"email": email.strip().lower()})
        return _to_user(row) if row else None

    def get(self, user_id: str) -> User | None:
        with translated():
            row = self._users.find_one({"_id": user_id})
        return _to_user(row) if row else None

    def invite(self, email: str, role: Role, *, actor: Actor) -> User:
        """Let somebody with this address sign in. Raises InvalidInput for no address, or one that was invited."""
        actor.require(Permission.MANAGE_USERS)
        address = clean_email(email)

        def insert(session: ClientSession) -> User:
            if self._users.find_one({"email": address}, session=session):
                raise InvalidInput(f"{address} is in the list already; change the role there.", field="email")
            return self._insert(address, address, role, actor, "invite", session)

        return exclusively(self._db, LOCK, insert)

    def change_role(self, user_id: str, role: Role, *, actor: Actor) -> User:
        """Signs the user out everywhere, to come back in the new role. Raises NotFound, and Conflict for the last
        admin."""
        actor.require(Permission.MANAGE_USERS)

        def update(session: ClientSession) -> bool:
            user = self._existing(user_id, session)
            if user.role is role:
                return False
            self._check_not_last_admin(user, session)
            self._set_role(user, role, actor, session)
            return True

        if exclusively(self._db, LOCK, update):
            self._end_sessions(user_id)
        return self._existing(user_id, None)

    def remove(self, user_id: str, *, actor: Actor) -> None:
        """Signs the user out everywhere. Raises NotFound, and Conflict for the last admin."""
        actor.require(Permission.MANAGE_USERS)

        def delete(session: ClientSession) -> None:
            before = self._existing(user_id, session)
            self._check_not_last_admin(before, session)
            self._users.delete_one({"_id": user_id}, session=session)
            self._db.preferences.delete_one({"_id": user_id}, session=session)
            details = {"email": before.email, "role": {"from": before.role, "to": None}}
            self._audit.record(actor, "user.remove", user_id, details, session=session)

        exclusively(self._db, LOCK, delete)
        self._end_sessions(user_id)

    def sign_out(self, user_id: str, *, actor: Actor) -> int:
        """Sign the user out everywhere; return from how many sessions. Raises NotFound."""
        actor.require(Permission.MANAGE_USERS)
        user = self._existing(user_id, None)
        ended = self._end_sessions(user_id)
        self._audit.record(actor, "user.sign_out", user_id, {"email": user.email, "sessions": ended})
        return ended

    def page(self, text: str = "", *, skip: int = 0, limit: int, actor: Actor) -> list[User]:
        """Those with ``text`` in the name or the address, by address."""
        actor.require(Permission.MANAGE_USERS)
        with translated():
            found = self._users.find(_search(text)).sort("email", 1).skip(skip).limit(limit)
            return [_to_user(row) for row in found]

    def count_found(self, text: str = "", *, actor: Actor) -> int:
        """How many ``page`` finds on all pages."""
        actor.require(Permission.MANAGE_USERS)
        with translated():
            return self._users.count_documents(_search(text))

    def admit(self, email: str, name: str, account: Account, *, newcomer: Role | None) -> User | None:
        """What a sign-in does with a verified address: the user with that address, seen now.

        newcomer: the role of a person who was not invited; None lets nobody in who was not. Raises Forbidden when
        somebody signed in with that address from another account before.
        """
        address = clean_email(email)
        if known := self.find_by_email(address):
            keep_account(self._users, known.id, account)
        if address == self._first_admin:
            self._enrol_first_admin(address, name)
        user = self.find_by_email(address)
        if user is None and newcomer:
            user = self._enrol(address, name, newcomer)
        if user:
            keep_account(self._users, user.id, account)
            self.note_seen(user.id, name)
        return user and self.get(user.id)

    def note_seen(self, user_id: str, name: str | None = None) -> None:
        """Written at most once a minute. name: as the sign-in gives it."""
        now = self._clock()
        query: Doc = {"_id": user_id}
        seen: Doc = {"last_seen_at": now}
        if name and name.strip():
            seen["name"] = name.strip()[:200]
        else:
            query["$or"] = [{"last_seen_at": None}, {"last_seen_at": {"$lte": now - SEEN_EVERY}}]
        with translated():
            self._users.update_one(query, {"$set": seen})

    def _enrol(self, email: str, name: str, role: Role) -> User:
        def insert(session: ClientSession) -> User:
            row = self._users.find_one({"email": email}, session=session)
            return _to_user(row) if row else self._insert(email, name or email, role, SIGN_IN, "enrol", session)

        return exclusively(self._db, LOCK, insert)

    def _enrol_first_admin(self, email: str, name: str) -> None:
        def enrol(session: ClientSession) -> None:
            if self._users.find_one({"role": Role.ADMIN}, session=session):
                return
            if row := self._users.find_one({"email": email}, session=session):
                self._set_role(_to_user(row), Role.ADMIN, SIGN_IN, session)
            else:
                self._insert(email, name or email, Role.ADMIN, SIGN_IN, "enrol", session)

        with translated():
            if self._users.find_one({"role": Role.ADMIN}):
                return
        exclusively(self._db, LOCK, enrol)

    def _set_role(self, user: User, role: Role, actor: Actor, session: ClientSession) -> None:
        self._users.update_one({"_id": user.id}, {"$set": {"role": role}}, session=session)
        details = {"email": user.email, "role": {"from": user.role, "to": role}}
        self._audit.record(actor, "user.change_role", user.id, details, session=session)

    def _insert(self, email: str, name: str, role: Role, actor: Actor, action: str, session: ClientSession) -> User:
        row: Doc = {"_id": str(ObjectId()), "email": email, "name": name, "role": role}
        row |= {"invited_at": self._clock(), "invited_by": actor.label, "last_seen_at": None}
        self._users.insert_one(row, session=session)
        details = {"email": email, "role": {"from": None, "to": role}}
        self._audit.record(actor, f"user.{action}", row["_id"], details, session=session)
        return _to_user(row)

    def _existing(self, user_id: str, session: ClientSession | None) -> User:
        with translated(session):
            row = self._users.find_one({"_id": user_id}, session=session)
        if row is None:
            raise NotFound(f"There is no user with the id {user_id!r}.")
        return _to_user(row)

    def _check_not_last_admin(self, user: User, session: ClientSession) -> None:
        others = {"role": Role.ADMIN, "_id": {"$ne": user.id}}
        if user.role is Role.ADMIN and not self._users.find_one(others, session=session):
            raise Conflict(f"{user.email} is the last admin. Make somebody else an admin first.")


def clean_email(text: str) -> str:
    """An address in lower case, without outer spaces. Raises InvalidInput."""
    address = text.strip().lower()
    if len(address) > MAX_EMAIL or not _EMAIL.fullmatch(address):
        raise InvalidInput(f"{text[:100]!r} is no e-mail address, such as name@example.com.", field="email")
    return address


def _to_user(row: Doc) -> User:
    seen, invited = row["last_seen_at"], row["invited_at"]
    return User(row["_id"], row["email"], row["name"], Role(row["role"]), seen, invited, row["invited_by"])


def _search(text: str) -> Doc:
    if not text.strip():
        return {}
    like = {"$regex": pattern_of(text), "$options": "i"}
    return {"$or": [{"email": like}, {"name": like}]}
