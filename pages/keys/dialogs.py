"""Making an API key, which is shown once, and revoking one."""

import streamlit as st

from crm_core.access.api_key import ApiKey, choose_rate, scopes_within
from crm_core.access.permissions import Role
from crm_core.access.scopes import Scope
from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.guard import show_error
from pages.keys.words import LIFETIMES, scope_label

DONE, SECRET, IS_OVER = "keys_done", "keys_secret", "keys_is_over"
MAX_OWNERS = 500


def _forget_secret() -> None:
    st.session_state.pop(SECRET, None)


def _close() -> None:
    _forget_secret()
    st.session_state[IS_OVER] = True


@st.dialog("New API key", icon=":material/key:", on_dismiss=_forget_secret)
def new_key_dialog() -> None:
    """The secret stays until it is dismissed: what else is clicked in the dialog runs it anew."""
    if st.session_state.pop(IS_OVER, False):
        st.rerun()
    place = st.empty()
    if SECRET not in st.session_state:
        with place.container():
            secret = _ask()
        if not secret:
            return
        st.session_state[SECRET] = secret
    place.empty()
    _show_secret(st.session_state[SECRET])


@st.dialog("Revoke this API key?", icon=":material/block:")
def revoke_dialog(key: ApiKey) -> None:
    st.markdown(f"**{literal(key.name)}** works no more from now on, and cannot be brought back.")
    st.caption("Programs that use it are refused. What they have sent stays.")
    if not st.button("Revoke key", type="primary", key="keys_revoke_confirm"):
        return
    try:
        services().keys.revoke(key.id, actor=actor())
    except CrmError as exc:
        show_error(exc)
        return
    st.session_state[DONE] = f"{key.name} is revoked."
    st.rerun()


def _ask() -> str | None:
    """The secret of the key that was made, or None."""
    owners = _owners()
    name = st.text_input("Name", placeholder="What it is for, such as “web shop”", max_chars=100, key="keys_name")
    owner = st.selectbox(
        "Owner",
        list(owners),
        format_func=lambda each: owners[each][0],
        key="keys_owner",
        help="A key may do no more than its owner's role allows at the time, and stops when its owner is removed.",
    )
    scopes = _choose_scopes(owners[owner][1])
    lifetime = st.selectbox("Expires after", list(LIFETIMES), 1, key="keys_lifetime")
    per_second = None
    if st.toggle("Limit of its own", key="keys_limited", help="Else the key has the limit that CRM_API_RATE sets."):
        per_second = st.number_input("Requests a second", 1, 1_000_000, services().settings.api_rate, key="keys_rate")
    if not st.button("Create key", type="primary", icon=":material/check:", key="keys_create"):
        return None
    length = LIFETIMES[lifetime]
    try:
        return services().keys.create(
            name,
            scopes,
            actor=actor(),
            owner_id=owner,
            expires_at=services().clock() + length if length else None,
            rate=choose_rate(per_second, None),
        )
    except CrmError as exc:
        show_error(exc)
        return None


def _choose_scopes(role: Role) -> list[Scope]:
    """What a key of somebody in this role can have."""
    with st.container(gap="xsmall"):
        st.markdown(":small[Scopes]")
        allowed = scopes_within(role)
        return [
            scope
            for scope in Scope
            if st.checkbox(scope_label(scope), key=f"keys_scope_{scope}", disabled=scope not in allowed)
            and scope in allowed
        ]


def _owners() -> dict[str, tuple[str, Role]]:
    """By id: name and role, oneself first."""
    me = actor()
    others = services().users.page(limit=MAX_OWNERS, actor=me)
    return {me.id: (f"{me.name} (you)", me.role)} | {
        user.id: (f"{user.name}, {user.role}", user.role) for user in others if user.id != me.id
    }


def _show_secret(secret: str) -> None:
    st.markdown("Copy the key now. It is kept as a hash only, so **it is not shown again**.")
    st.code(secret, language=None, wrap_lines=True)
    st.caption("Send it as `Authorization: Bearer cn_…`. Whoever has it can do what it may.")
    st.button("Done", type="primary", key="keys_close", on_click=_close)
