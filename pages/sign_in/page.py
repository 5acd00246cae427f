"""Signing in: one clear way in, and what it means."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from crm_core.access.sign_in.connection import ConnectionKind
from crm_core.access.sign_in.service import SignIn
from crm_core.errors import SignedOut
from crm_core.front_door.cookies import NEEDS_HTTPS
from pages._ui.branding import app_icon
from pages._ui.deps import actor, connection, services
from pages._ui.formats import literal
from pages._ui.session import begin_session, end_session
from pages.sign_in.provider_button import provider_button

NO_COOKIES = "This browser keeps no cookies, which a sign-in needs. Allow them for this address, then reload the page."


def show_sign_in(workspace_name: str) -> None:
    """What somebody sees who is not signed in. Raises Unavailable."""
    kind, value = connection().kind, connection().value
    if kind is ConnectionKind.SESSION:
        _leave(value)
        return
    st.html(Path(__file__).parent / "sign_in.css")
    with st.container(key="sign_in", border=True, gap="small"):
        mark = b64encode(app_icon().encode()).decode()
        st.html(f'<img alt="" src="data:image/svg+xml;base64,{mark}">')
        st.title(literal(workspace_name), anchor=False, text_alignment="center")
        st.caption("Audiences, campaigns, and exactly whom they reach.", text_alignment="center")
        if kind is ConnectionKind.NONCE:
            _offers(services().sign_in, value)
        else:
            st.warning(NEEDS_HTTPS if kind is ConnectionKind.INSECURE else NO_COOKIES, icon=":material/lock:")


def _leave(session_id: str) -> None:
    """The session of this connection has ended, and only a new connection can begin another."""
    try:
        actor()
    except SignedOut:
        st.caption("Signing out …")
        end_session(session_id)
    else:
        st.rerun()


def _offers(sign_in: SignIn, nonce_hash: str) -> None:
    offers = sign_in.offers
    if offers.provider:
        provider_button(sign_in, offers.provider, _origin(), nonce_hash)
    if offers.local_admin:
        _way_in(
            "Continue as admin of this machine", sign_in.local_admin_ticket, nonce_hash, is_first=not offers.provider
        )
    if offers.demo:
        _way_in(
            "Continue as a visitor",
            sign_in.visitor_ticket,
            nonce_hash,
            is_first=not (offers.provider or offers.local_admin),
        )
        st.caption("This is a demo: all visitors share this workspace, as marketers.", text_alignment="center")


def _way_in(label: str, ticket: Callable[[str], str], nonce_hash: str, *, is_first: bool) -> None:
    if st.button(label, type="primary" if is_first else "secondary", width="stretch"):
        begin_session(ticket(nonce_hash))


def _origin() -> str:
    """The address that people use, without a path; on this machine, whichever of its names they have typed."""
    return services().settings.public_url or f"http://{st.context.headers['host']}"
