"""What there is to be allowed, and which roles allow it: the one table that every service asks."""

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """Each may do what those before it may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    MARKETER = "marketer"
    ADMIN = "admin"

    @property
    def with_article(self) -> str:
        return f"{'an' if self[0] in 'aeiou' else 'a'} {self}"


class Permission(StrEnum):
    """Its value is what is allowed, as it stands after "may"."""

    READ_FIGURES = "read figures"
    READ_CUSTOMERS = "see customers"
    WRITE_SEGMENTS = "change segments"
    EXPORT_CUSTOMERS = "export customers"
    REFIT_PREDICTIONS = "refit the predictions"
    WRITE_CAMPAIGNS = "change campaigns"
    WRITE_CONSENT = "change whom messages may reach"
    WRITE_RECORDS = "bring in records"
    WRITE_ATTRIBUTES = "declare attributes"
    LOAD_DEMO = "load demo data"
    MANAGE_KEYS = "manage API keys"
    MANAGE_USERS = "manage users"
    CHANGE_SETTINGS = "change settings"
    READ_AUDIT = "read the audit log"
    ERASE_CUSTOMERS = "erase customers"


_LOWEST_ROLE: Mapping[Permission, Role] = {
    Permission.READ_FIGURES: Role.VIEWER,
    Permission.READ_CUSTOMERS: Role.ANALYST,
    Permission.WRITE_SEGMENTS: Role.ANALYST,
    Permission.EXPORT_CUSTOMERS: Role.ANALYST,
    Permission.REFIT_PREDICTIONS: Role.ANALYST,
    Permission.WRITE_CAMPAIGNS: Role.MARKETER,
    Permission.WRITE_CONSENT: Role.MARKETER,
    Permission.WRITE_RECORDS: Role.MARKETER,
    Permission.WRITE_ATTRIBUTES: Role.MARKETER,
    Permission.LOAD_DEMO: Role.MARKETER,
    Permission.MANAGE_KEYS: Role.ADMIN,
    Permission.MANAGE_USERS: Role.ADMIN,
    Permission.CHANGE_SETTINGS: Role.ADMIN,
    Permission.READ_AUDIT: Role.ADMIN,
    Permission.ERASE_CUSTOMERS: Role.ADMIN,
}


def roles_from(lowest: Role) -> frozenset[Role]:
    """That role and those above it."""
    roles = list(Role)
    return frozenset(roles[roles.index(lowest) :])


ROLES_ALLOWED: Mapping[Permission, frozenset[Role]] = {
    permission: roles_from(lowest) for permission, lowest in _LOWEST_ROLE.items()
}


def roles_in_words(permission: Permission) -> str:
    """ "marketer or admin"."""
    return " or ".join(role for role in Role if role in ROLES_ALLOWED[permission])
