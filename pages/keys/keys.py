"""API keys: what each may do, whose it is, when it was last used; made and revoked here."""

import streamlit as st

from crm_core.access.api_key import ApiKey
from pages._ui.commands import IMPORT_COMMANDS
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, utc_exact
from pages._ui.lists import PER_PAGE, pick_page
from pages._ui.widgets import empty_state, page_header
from pages.keys.dialogs import DONE, new_key_dialog, revoke_dialog
from pages.keys.words import facts, scope_badges, state_badge


def show_key(key: ApiKey) -> None:
    now = services().clock()
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{literal(key.name)}**", width="content")
            st.markdown(state_badge(key, now), width="content")
        used = f" Last used {utc_exact(key.last_used_at)}." if key.last_used_at else ""
        st.caption(
            facts(key, now),
            help=f"Created by {literal(key.created_by)} {utc_exact(key.created_at)}.{used} Id {key.id}.",
        )
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(scope_badges(key), width="content")
            if not key.revoked_at and st.button(
                "Revoke …", key=f"keys_revoke_{key.id}", icon=":material/block:", type="tertiary"
            ):
                revoke_dialog(key)


def show_keys(text: str, *, revoked: bool) -> None:
    found = services().keys.count_found(text, revoked=revoked, actor=actor())
    place = st.container()
    skip = pick_page("keys", found)
    with place:
        if found:
            st.caption(f"{number(found)} {'key' if found == 1 else 'keys'}")
        elif text.strip():
            st.caption(f"No key has “{literal(text.strip())}” in its name.")
        else:
            show_nothing()
        for key in services().keys.page(text, revoked=revoked, skip=skip, limit=PER_PAGE, actor=actor()):
            show_key(key)


def show_nothing() -> None:
    words = "A web shop, a till or a script needs one to send customers and orders, or to read segments."
    with empty_state("key", "No API key", words):
        if st.button("Create the first", icon=":material/add:"):
            new_key_dialog()


with page_header("API keys", "For programs that reach ClientNest over its REST API."):
    if st.button("New key", type="primary", icon=":material/add:"):
        new_key_dialog()
with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
    search = st.text_input(
        "Search", key="keys_search", placeholder="Part of the name", icon=":material/search:", max_chars=100, width=380
    )
    with_revoked = st.toggle("Revoked ones too", key="keys_with_revoked")
show_keys(search, revoked=with_revoked)
with st.expander("On the command line", icon=":material/terminal:"):
    st.markdown(
        "Keys made there belong to the operator. `python -m crm_core key list` and `key revoke NAME` do the rest."
    )
    st.code(IMPORT_COMMANDS, language="bash")
if done := st.session_state.pop(DONE, None):
    st.toast(literal(done), icon=":material/check_circle:")
