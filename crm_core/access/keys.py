"""API keys: 256 random bits, shown once, kept as SHA-256."""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime

from bson import ObjectId
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor, ActorKind, system_actor
from crm_core.access.api_key import ApiKey, RateLimit, scopes_within
from crm_core.access.audit import AuditLog
from crm_core.access.key_cache import KeyCache
from crm_core.access.permissions import Permission
from crm_core.access.scopes import Scope
from crm_core.errors import InvalidInput, NotFound, Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import clean_name, name_key, pattern_of

PREFIX = "cn_"
OPERATOR_ID = "operator"
OPERATOR = system_actor(OPERATOR_ID)
"""Owns the keys that are made on the command line."""
NEWEST = [("created_at", -1), ("_id", -1)]

FindOwner = Callable[[str], Actor | None]


class ApiKeys:
    """find_owner: who a user is now; None for one that was removed. cache: what this process has read of keys."""

    def __init__(
        self, db: Db, audit: AuditLog, clock: Clock, *, find_owner: FindOwner, cache: KeyCache | None = None
    ) -> None:
        self._keys = db.api_keys
        self._audit = audit
        self._clock = clock
        self._find_user = find_owner
        self._cache = cache or KeyCache()

    def create(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        actor: Actor,
        owner_id: str | None = None,
        expires_at: datetime | None = None,
        rate: RateLimit | None = None,
    ) -> str:
        """Make a key and return its secret, which cannot be had again. Raises InvalidInput.

        owner_id: of a user; if None, whoever makes it. expires_at: aware; None for never.
        """
        actor.require(Permission.MANAGE_KEYS)
        secret = PREFIX + secrets.token_urlsafe(32)
        if owner_id is None:
            owner_id = actor.id if actor.kind is ActorKind.USER else OPERATOR_ID
        cleaned = clean_name(name, "key")
        row: Doc = {
            "_id": str(ObjectId()),
            "name": cleaned,
            "name_key": name_key(cleaned),
            "owner": owner_id,
            "scopes": self._checked_scopes(scopes, owner_id),
            "hash": _hash(secret),
            "created_at": self._clock(),
            "created_by": actor.label,
        }
        if expires_at:
            row["expires_at"] = self._checked_expiry(expires_at)
        if rate:
            row["rate"] = asdict(rate)
        self._insert(row, actor)
        return secret

    def revoke(self, key_id: str, *, actor: Actor) -> ApiKey:
        """Let it work no more: at once here, within a second in other processes. Harmless to repeat. Raises
        NotFound."""
        actor.require(Permission.MANAGE_KEYS)
        values = {"revoked_at": self._clock(), "revoked_by": actor.label}

        def update(session: ClientSession) -> Doc:
            change = {"$set": values, "$unset": {"name_key": ""}}
            query = {"_id": key_id, "revoked_at": None}
            row = self._keys.find_one_and_update(query, change, return_document=True, session=session)
            if row:
                self._audit.record(actor, "key.revoke", key_id, {"name": row["name"]}, session=session)
                return row
            return self._row({"_id": key_id}, f"There is no API key with the id {key_id!r}.", session)

        key = self._to_key(self._audit.together(update))
        self._cache.replace(key)
        return key

    def named(self, name: str, *, actor: Actor) -> ApiKey:
        """The one of that name that was not revoked. Raises NotFound."""
        actor.require(Permission.MANAGE_KEYS)
        return self._to_key(self._row({"name_key": name_key(name)}, f"There is no API key named {name!r}."))

    def page(self, text: str = "", *, revoked: bool = True, skip: int = 0, limit: int, actor: Actor) -> list[ApiKey]:
        """Those with ``text`` in their name, the newest first. revoked: those that were too."""
        actor.require(Permission.MANAGE_KEYS)
        with translated():
            rows = list(self._keys.find(_search(text, revoked)).sort(NEWEST).skip(skip).limit(limit))
        return [self._to_key(row) for row in rows]

    def count_found(self, text: str = "", *, revoked: bool = True, actor: Actor) -> int:
        """How many ``page`` finds on all pages."""
        actor.require(Permission.MANAGE_KEYS)
        with translated():
            return self._keys.count_documents(_search(text, revoked))

    def cached(self, secret: str) -> tuple[bool, ApiKey | None]:
        """Whether the answer is known, and the answer; if it is not, this caller is to ask ``find`` for it."""
        return self._cache.claim(_hash(secret))

    def find(self, secret: str) -> ApiKey | None:
        """The key with that secret, which may have a fault, or None. Raises Unavailable for one that is not known."""
        digest = _hash(secret)
        try:
            with translated():
                row = self._keys.find_one({"hash": digest})
            return self._cache.put(digest, self._to_key(row) if row else None)
        except Unavailable:
            if held := self._cache.hold(digest):
                return held
            raise

    def _insert(self, row: Doc, actor: Actor) -> None:
        details: Doc = {each: row[each] for each in ("name", "scopes", "expires_at", "rate") if each in row}
        owner = self._owner(row["owner"])
        details["owner"] = owner.name if owner else row["owner"]

        def insert(session: ClientSession) -> None:
            self._keys.insert_one(row, session=session)
            self._audit.record(actor, "key.create", row["_id"], details, session=session)

        try:
            self._audit.together(insert)
        except DuplicateKeyError:
            raise InvalidInput(
                f"There is already an API key named {row['name']!r}; choose another name, or revoke that one first.",
                field="name",
            ) from None

    def _checked_scopes(self, scopes: Sequence[str], owner_id: str) -> list[Scope]:
        chosen = sorted({_scope(scope) for scope in scopes})
        if not chosen:
            raise InvalidInput(f"A key needs at least one scope of {', '.join(Scope)}.", field="scopes")
        owner = self._owner(owner_id)
        if owner is None:
            raise InvalidInput(f"There is no user with the id {owner_id!r}.", field="owner")
        if beyond := [scope for scope in chosen if scope not in scopes_within(owner.role)]:
            raise InvalidInput(
                f"{owner.name} is {owner.role.with_article}, whose keys cannot have the scope {', '.join(beyond)}.",
                field="scopes",
            )
        return chosen

    def _checked_expiry(self, at: datetime) -> datetime:
        if at <= self._clock():
            raise InvalidInput(f"The expiry {at:%Y-%m-%d %H:%M} has passed already.", field="expires_at")
        return at

    def _row(self, query: Doc, missing: str, session: ClientSession | None = None) -> Doc:
        with translated(session):
            row = self._keys.find_one(query, session=session)
        if row is None:
            raise NotFound(missing)
        return row

    def _owner(self, owner_id: str) -> Actor | None:
        return OPERATOR if owner_id == OPERATOR_ID else self._find_user(owner_id)

    def _to_key(self, row: Doc) -> ApiKey:
        return ApiKey(
            row["_id"],
            row["name"],
            frozenset(map(Scope, row["scopes"])),
            row["owner"],
            self._owner(row["owner"]),
            row["created_at"],
            row["created_by"],
            expires_at=row.get("expires_at"),
            last_used_at=row.get("last_used_at"),
            revoked_at=row.get("revoked_at"),
            revoked_by=row.get("revoked_by"),
            rate=RateLimit(**row["rate"]) if "rate" in row else None,
        )


def _search(text: str, revoked: bool) -> Doc:
    named = {"name": {"$regex": pattern_of(text), "$options": "i"}} if text.strip() else {}
    return named | ({} if revoked else {"revoked_at": None})


def _scope(name: str) -> Scope:
    try:
        return Scope(name)
    except ValueError:
        raise InvalidInput(f"{name!r} is no scope; allowed are {', '.join(Scope)}.", field="scopes") from None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
