"""The provider's button: streamlit-oauth opens the provider in a window of its own and brings back a code.

What it answers is data from the browser, so it is checked here before the code is exchanged, and only the token that
our server got for it says who somebody is. Its answer stays in the session's state: each attempt has a key of its own.
"""

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import streamlit as st
from httpx_oauth.exceptions import HTTPXOAuthError
from streamlit_oauth import OAuth2Component

from crm_core.access.sign_in.answers import check_answer
from crm_core.access.sign_in.provider import GOOGLE, SCOPE, Provider
from crm_core.access.sign_in.service import SignIn
from crm_core.errors import Forbidden, InvalidInput, Unavailable
from pages._ui.accent import shade_of
from pages._ui.deps import brand
from pages._ui.formats import literal
from pages._ui.plot_theme import reader_theme
from pages._ui.session import begin_session

COMPONENT: Final = "/component/streamlit_oauth.authorize_button/index.html"
ATTEMPT, REFUSAL = "sign_in_attempt", "sign_in_refusal"
HERE: Final = Path(__file__).parent
_look = st.components.v2.component(
    "clientnest_provider_button", js=(HERE / "provider_button.js").read_text("utf-8"), isolate_styles=False
)


@dataclass(frozen=True)
class _Attempt:
    """One try to sign in, as our side remembers it. key: of its button."""

    key: str = field(default_factory=lambda: f"sign_in_{secrets.token_hex(8)}")
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))


def provider_button(sign_in: SignIn, provider: Provider, origin: str, nonce_hash: str) -> None:
    """Ends, when the provider has vouched for somebody who may come in, in a session."""
    if refusal := st.session_state.pop(REFUSAL, None):
        st.error(literal(refusal), icon=":material/block:")
    attempt: _Attempt = st.session_state.setdefault(ATTEMPT, _Attempt())
    try:
        with st.container(key="provider"):
            id_token = _ask(provider, attempt, origin)
        if id_token:
            address = st.context.ip_address
            begin_session(sign_in.member_ticket(id_token, nonce=attempt.nonce, nonce_hash=nonce_hash, origin=address))
            del st.session_state[ATTEMPT]
    except Unavailable as exc:
        st.warning(literal(str(exc)), icon=":material/cloud_off:")
    except (Forbidden, InvalidInput) as exc:
        st.session_state[REFUSAL] = str(exc)
        del st.session_state[ATTEMPT]
        st.rerun()


def _ask(provider: Provider, attempt: _Attempt, origin: str) -> str | None:
    """The ID token that the provider gave our server, None until somebody has signed in there. Raises Forbidden."""
    answer: Any = st.session_state.get(attempt.key)
    if answer is not None:
        check_answer(answer, state=attempt.state, provider=provider.name)
    st.session_state[f"state-{attempt.key}"] = attempt.state  # which the button sends, instead of one of its own
    endpoints = provider.endpoints()
    button = OAuth2Component(
        provider.client_id,
        provider.client_secret,
        authorize_endpoint=str(endpoints.authorization_endpoint),
        token_endpoint=str(endpoints.token_endpoint),
    )
    _look(key="provider_look", data={"css": _css()})
    try:
        answered = button.authorize_button(
            f"Continue with {provider.name}",
            origin + COMPONENT,
            SCOPE,
            key=attempt.key,
            pkce="S256",
            extras_params={"nonce": attempt.nonce, "prompt": "select_account"},
            icon=_icon(provider),
            use_container_width=True,
        )
    except HTTPXOAuthError as exc:
        raise Forbidden(f"{provider.name} did not accept the sign-in. Try again.") from exc
    if not answered:
        return None
    id_token = answered["token"].get("id_token")
    if not isinstance(id_token, str):
        raise Forbidden(f"{provider.name} gave no ID token. Try again.")
    return id_token


def _css() -> str:
    """The button's look in the workspace's accent, in the reader's theme."""
    accent = shade_of(brand()[1], reader_theme()).fill
    return (HERE / "provider_button.css").read_text("utf-8").replace("ACCENT", accent)


def _icon(provider: Provider) -> str | None:
    if provider.issuer != GOOGLE:
        return None
    return "data:image/svg+xml;base64," + b64encode((HERE / "google.svg").read_bytes()).decode()
