"""Users: who may sign in, in which role, and when they were last here."""

import streamlit as st

from crm_core.access.users import User
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, relative_time, utc_exact
from pages._ui.lists import PER_PAGE, pick_page
from pages._ui.widgets import empty_state, page_header
from pages.users.dialogs import DONE, invite_dialog, remove_dialog, role_dialog, sign_out_dialog
from pages.users.roles import role_badge, show_permissions


def show_user(user: User) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            you = " :gray-badge[You]" if user.id == actor().id else ""
            st.markdown(f"**{literal(user.name)}**{you}", width="content")
            st.markdown(role_badge(user.role), width="content")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if user.name != user.email:
                st.caption(literal(user.email), width="content")
            show_last_seen(user)
        with st.container(horizontal=True, gap="small"):
            show_buttons(user)


def show_last_seen(user: User) -> None:
    now = services().clock()
    if user.last_seen_at:
        st.caption(f"Last seen {relative_time(user.last_seen_at, now)}", help=utc_exact(user.last_seen_at))
    else:
        words = f"Invited by {literal(user.invited_by)} {relative_time(user.invited_at, now)}, has not signed in yet"
        st.caption(words, help=utc_exact(user.invited_at))


def show_buttons(user: User) -> None:
    if st.button("Change role …", key=f"users_change_{user.id}", icon=":material/manage_accounts:"):
        role_dialog(user)
    if st.button("Sign out …", key=f"users_out_{user.id}", icon=":material/logout:", type="tertiary"):
        sign_out_dialog(user)
    if st.button("Remove …", key=f"users_remove_{user.id}", icon=":material/person_remove:", type="tertiary"):
        remove_dialog(user)


def show_users(text: str) -> None:
    found = services().users.count_found(text, actor=actor())
    place = st.container()
    skip = pick_page("users", found)
    with place:
        if found:
            st.caption(f"{number(found)} {'user' if found == 1 else 'users'}")
        elif text.strip():
            st.caption(f"No user has “{literal(text.strip())}” in the name or the address.")
        else:
            show_nobody()
        for user in services().users.page(text, skip=skip, limit=PER_PAGE, actor=actor()):
            show_user(user)


def show_nobody() -> None:
    with empty_state("group", "Nobody is invited yet", "Invite people by their e-mail address, each in a role."):
        if st.button("Invite the first", icon=":material/person_add:"):
            invite_dialog()


with page_header("Users", "Who may sign in, and what they may do."):
    if st.button("Invite", type="primary", icon=":material/person_add:"):
        invite_dialog()
search = st.text_input(
    "Search", key="users_search", placeholder="Name or e-mail", icon=":material/search:", max_chars=200, width=380
)
show_users(search)
show_permissions()
if done := st.session_state.pop(DONE, None):
    st.toast(literal(done), icon=":material/check_circle:")
