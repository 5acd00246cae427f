"""The roles in words: what each adds, and the table of who may do what."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
import streamlit as st

from crm_core.access.permissions import ROLES_ALLOWED, Role
from pages._ui.widgets import tinted_badge

ROLE_WORDS: Final[Mapping[Role, str]] = {
    Role.VIEWER: "Sees figures and charts, no customer data.",
    Role.ANALYST: "Sees customers too, builds segments, exports.",
    Role.MARKETER: "Writes and sends campaigns too, brings in data.",
    Role.ADMIN: "Manages users, API keys and settings too, erases customers.",
}
_BADGES: Final[Mapping[Role, tuple[str, str]]] = {
    Role.VIEWER: ("gray", "visibility"),
    Role.ANALYST: ("blue", "query_stats"),
    Role.MARKETER: ("violet", "campaign"),
    Role.ADMIN: ("orange", "shield_person"),
}
_YES: Final = "✓"


def role_badge(role: Role) -> str:
    """Markdown badge of a role, icon and word."""
    tint, icon = _BADGES[role]
    return tinted_badge(tint, icon, role)


def choose_role(key: str, role: Role) -> Role:
    """Each with what it adds to the one before."""
    roles = list(Role)
    chosen = st.radio(
        "Role", roles, roles.index(role), format_func=str.capitalize, captions=list(ROLE_WORDS.values()), key=key
    )
    return chosen or role


def show_permissions() -> None:
    with st.expander("What each role may do", icon=":material/checklist:"):
        rows = [
            {"": permission.capitalize(), **{role.capitalize(): _YES if role in allowed else "" for role in Role}}
            for permission, allowed in ROLES_ALLOWED.items()
        ]
        st.table(pd.DataFrame(rows), border="horizontal", hide_index=True, alt="What each role may do")
