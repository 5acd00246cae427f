"""Who acts: a person, an API key, or ClientNest itself. Every function that changes something is told."""

from dataclasses import dataclass
from enum import StrEnum

from crm_core.access.permissions import ROLES_ALLOWED, Permission, Role, roles_in_words
from crm_core.errors import Forbidden


class ActorKind(StrEnum):
    USER = "user"
    KEY = "key"
    SYSTEM = "system"


@dataclass(frozen=True)
class Actor:
    """name: for people to read. role: of a key, its owner's present one.

    limit: what else bounds it, such as the scopes of a key; None for a person, whom the role alone bounds. origin: the
    address it comes from, if it comes over the network.
    """

    kind: ActorKind
    id: str
    name: str
    role: Role
    limit: frozenset[Permission] | None = None
    origin: str | None = None

    @property
    def label(self) -> str:
        """How the audit log and ``created_by`` name it: ``key:shop`` for a key, else the name."""
        return f"{ActorKind.KEY}:{self.name}" if self.kind is ActorKind.KEY else self.name

    def may(self, permission: Permission) -> bool:
        return self.role in ROLES_ALLOWED[permission] and (self.limit is None or permission in self.limit)

    def require(self, permission: Permission) -> None:
        """Raises Forbidden, which says who may."""
        if not self.may(permission):
            raise Forbidden(self._refusal(permission), permission=permission)

    def _refusal(self, permission: Permission) -> str:
        if self.role in ROLES_ALLOWED[permission]:
            return f"The API key {self.name!r} has no scope that allows it to {permission}."
        who = f"The owner of the API key {self.name!r}" if self.kind is ActorKind.KEY else self.label
        return f"{who} is {self.role.with_article}; to {permission} takes the role {roles_in_words(permission)}."


def system_actor(name: str) -> Actor:
    """ClientNest itself, or a command at its machine, which may do everything. name: which part of it."""
    return Actor(ActorKind.SYSTEM, name, name, Role.ADMIN)


SYSTEM = system_actor("system")


def anybody(origin: str | None) -> Actor:
    """Somebody who has not said who it is, or not truly: allowed nothing. origin: the address it comes from."""
    return Actor(ActorKind.SYSTEM, "anybody", "anybody", Role.VIEWER, frozenset(), origin)
