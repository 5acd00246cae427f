"""What an admin does to a user, each asked about in a dialog that says what will happen."""

from collections.abc import Callable

import streamlit as st

from crm_core.access.permissions import Role
from crm_core.access.users import User
from crm_core.errors import CrmError
from pages._ui.deps import actor, services
from pages._ui.formats import literal
from pages._ui.guard import show_error
from pages.users.roles import choose_role

DONE = "users_done"


@st.dialog("Invite somebody", icon=":material/person_add:")
def invite_dialog() -> None:
    with st.form("users_invite", border=False, enter_to_submit=True):
        email = st.text_input("E-mail address", placeholder="name@example.com", key="users_email")
        role = choose_role("users_new_role", Role.ANALYST)
        st.caption(
            "They can sign in with this address from now on. ClientNest sends no invitation: tell them the address of "
            "this page."
        )
        if st.form_submit_button("Invite", type="primary", icon=":material/check:"):
            _do(lambda: f"{services().users.invite(email, role, actor=actor()).email} can sign in now.")


@st.dialog("Change the role", icon=":material/manage_accounts:")
def role_dialog(user: User) -> None:
    st.markdown(f"**{literal(user.name)}**  \n:small[{literal(user.email)}]")
    role = choose_role(f"users_role_{user.id}", user.role)
    st.caption("A new role holds at once. They are signed out everywhere, and sign in again.")
    if st.button("Change role", type="primary", key="users_role_confirm", disabled=role is user.role):
        _do(lambda: f"{services().users.change_role(user.id, role, actor=actor()).email} is {role.with_article} now.")


@st.dialog("Sign out everywhere?", icon=":material/logout:")
def sign_out_dialog(user: User) -> None:
    st.markdown(f"**{literal(user.email)}** is signed out in every browser within seconds, and can sign in again.")
    if st.button("Sign out everywhere", type="primary", key="users_sign_out_confirm"):
        _do(lambda: _signed_out(user, services().users.sign_out(user.id, actor=actor())))


@st.dialog("Remove this user?", icon=":material/person_remove:")
def remove_dialog(user: User) -> None:
    st.markdown(
        f"**{literal(user.email)}** is signed out everywhere and cannot sign in again. API keys that belong to them "
        "stop working. What they made stays."
    )
    if st.button("Remove user", type="primary", key="users_remove_confirm"):
        _do(lambda: _removed(user))


def _signed_out(user: User, sessions: int) -> str:
    if not sessions:
        return f"{user.email} was not signed in anywhere."
    return f"{user.email} is signed out of {sessions} {'browser' if sessions == 1 else 'browsers'}."


def _removed(user: User) -> str:
    services().users.remove(user.id, actor=actor())
    return f"{user.email} is removed."


def _do(act: Callable[[], str]) -> None:
    """Do it and close the dialog, or say within it why not."""
    try:
        st.session_state[DONE] = act()
    except CrmError as exc:
        show_error(exc)
        return
    st.rerun()
