"""What an API key is for, and what that allows."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from crm_core.access.permissions import Permission


class Scope(StrEnum):
    INGEST_WRITE = "ingest:write"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    SEGMENTS_READ = "segments:read"
    SEGMENTS_WRITE = "segments:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    INSIGHTS_READ = "insights:read"


PERMISSIONS: Mapping[Scope, frozenset[Permission]] = {
    Scope.INGEST_WRITE: frozenset({Permission.WRITE_RECORDS}),
    Scope.CUSTOMERS_READ: frozenset({Permission.READ_CUSTOMERS}),
    Scope.CUSTOMERS_WRITE: frozenset(
        {Permission.WRITE_CONSENT, Permission.WRITE_ATTRIBUTES, Permission.ERASE_CUSTOMERS}
    ),
    Scope.SEGMENTS_READ: frozenset({Permission.READ_FIGURES}),
    Scope.SEGMENTS_WRITE: frozenset({Permission.READ_FIGURES, Permission.WRITE_SEGMENTS, Permission.REFIT_PREDICTIONS}),
    Scope.CAMPAIGNS_READ: frozenset({Permission.READ_FIGURES}),
    Scope.CAMPAIGNS_WRITE: frozenset({Permission.READ_FIGURES, Permission.WRITE_CAMPAIGNS}),
    Scope.INSIGHTS_READ: frozenset({Permission.READ_FIGURES}),
}


def allowed_by(scopes: Iterable[Scope]) -> frozenset[Permission]:
    """What a key of these scopes may do at most."""
    return frozenset(permission for scope in scopes for permission in PERMISSIONS[scope])
