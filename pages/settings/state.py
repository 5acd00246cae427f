"""What a page of settings keeps between runs: the values that its fields began with."""

from typing import Any, Final

import streamlit as st

from crm_core.workspace.model import WorkspaceSettings

_SHOWN: Final = "settings_shown"
_REVISION: Final = "settings_revision"


def begin(settings: WorkspaceSettings) -> dict[str, Any]:
    """The values that the fields began with."""
    return dict(st.session_state.setdefault(_SHOWN, settings.model_dump()))


def begin_anew() -> None:
    """Let the fields show what is in force: a widget takes a new value only under a new key."""
    st.session_state.pop(_SHOWN, None)
    st.session_state[_REVISION] = _revision() + 1


def key_of(name: str, part: str = "") -> str:
    return "_".join(filter(None, ("settings", name, part, str(_revision()))))


def _revision() -> int:
    return int(st.session_state.get(_REVISION, 0))
