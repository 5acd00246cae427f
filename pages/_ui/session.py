"""The browser's session on the screen: who is signed in, signing out, and the change of its cookie."""

from pathlib import Path
from typing import Final

import streamlit as st

from crm_core.access.actor import Actor
from crm_core.front_door.session_routes import BEGIN, END
from crm_core.settings import Mode
from pages._ui.deps import connection, services
from pages._ui.formats import literal

ASSETS: Final = Path(__file__).parent / "assets"
_change = st.components.v2.component(
    "clientnest_session", html='<p role="alert"></p>', js=(ASSETS / "session.js").read_text("utf-8")
)


def begin_session(ticket: str) -> None:
    """Have the browser trade the ticket for its cookie; it opens the page anew."""
    _change(key="session", data={"path": BEGIN, "body": ticket})


def end_session(session_id: str) -> None:
    """Have the browser drop its cookie of that session; it opens the page anew."""
    _change(key="session", data={"path": END, "body": session_id})


def user_menu(reader: Actor) -> None:
    """Who is signed in, with the button to sign out of this browser. Whoever sees it uses the session."""
    session_id = connection().session_id
    if session_id:
        services().sign_in.note_use(session_id, reader.id)
    with st.container(key="user_menu", gap="xsmall"):
        st.caption(f":material/account_circle: {literal(reader.name)} · {reader.role}")
        if st.button("Sign out", icon=":material/logout:", type="tertiary", help="In all tabs of this browser."):
            if session_id:
                services().sign_in.sign_out(session_id, origin=reader.origin)
            st.rerun()


def mode_banner() -> None:
    """In a demo, what that means."""
    if services().settings.mode is Mode.DEMO:
        with st.container(key="mode_banner"):
            st.markdown(
                ":material/campaign: **Demo.** Everybody who opens this address shares this workspace, as a marketer.",
                text_alignment="center",
            )
