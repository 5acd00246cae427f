"""API keys in words: their state, what each scope is for, how long they work."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from crm_core.access.api_key import ApiKey
from crm_core.access.scopes import Scope
from pages._ui.formats import literal, relative_time
from pages._ui.widgets import tinted_badge

SOON: Final = timedelta(days=14)
SCOPE_WORDS: Final[Mapping[Scope, str]] = {
    Scope.INGEST_WRITE: "Send customers, orders and events",
    Scope.CUSTOMERS_READ: "Read customers and what was written to them",
    Scope.CUSTOMERS_WRITE: "Change consent and attributes, erase customers",
    Scope.SEGMENTS_READ: "Read segments and counts",
    Scope.SEGMENTS_WRITE: "Change segments",
    Scope.CAMPAIGNS_READ: "Read campaigns and their figures",
    Scope.CAMPAIGNS_WRITE: "Change and launch campaigns",
    Scope.INSIGHTS_READ: "Read insights",
}
LIFETIMES: Final[Mapping[str, timedelta | None]] = {
    "30 days": timedelta(days=30),
    "90 days": timedelta(days=90),
    "1 year": timedelta(days=365),
    "never": None,
}


def scope_label(scope: Scope) -> str:
    return f"{SCOPE_WORDS[scope]} :gray-badge[{scope}]"


def state_badge(key: ApiKey, now: datetime) -> str:
    """Markdown: whether it works, icon and word."""
    if key.revoked_at:
        return tinted_badge("gray", "block", "revoked")
    if fault := key.fault(now):
        return tinted_badge("red", "error", fault)
    if key.expires_at and key.expires_at - now < SOON:
        return tinted_badge("orange", "schedule", f"expires {relative_time(key.expires_at, now)}")
    return tinted_badge("green", "check_circle", "active")


def scope_badges(key: ApiKey) -> str:
    """Markdown. Scopes that the owner's role does not allow any more are marked, in words."""
    return " ".join(
        f":gray-badge[{scope}]"
        if scope in key.usable_scopes
        else tinted_badge("orange", "lock", f"{scope}, not allowed to its owner")
        for scope in sorted(key.scopes)
    )


def facts(key: ApiKey, now: datetime) -> str:
    """Whose it is, when it was used, until when it works."""
    parts = [f"Belongs to {literal(key.owner.name)}" if key.owner else "Its owner was removed"]
    parts.append(f"last used {relative_time(key.last_used_at, now)}" if key.last_used_at else "never used")
    if key.revoked_at:
        parts.append(f"revoked by {literal(key.revoked_by or '')} {relative_time(key.revoked_at, now)}")
    elif key.expires_at:
        parts.append(f"expires {key.expires_at:%Y-%m-%d}")
    else:
        parts.append("does not expire")
    if key.rate:
        parts.append(f"{key.rate.per_second:,} requests a second")
    return " · ".join(parts)
