"""What the audit log is filtered by, and the page of it that is shown."""

from datetime import datetime, time, timedelta
from typing import Final

import streamlit as st

from crm_core.access.audit_reading import AuditFilter, Topic
from pages._ui.deps import services

EVERYTHING: Final = "everything"
_CURSORS: Final = "audit_cursors"


def choose_filter() -> AuditFilter:
    """Any change of it leads back to the newest entries."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="audit_filters"):
        topic = st.selectbox("About", [EVERYTHING, *Topic], key="audit_topic", on_change=to_newest, width=200)
        who = st.text_input("Who", key="audit_who", placeholder="Part of the name", on_change=to_newest, width=200)
        target = st.text_input(
            "On", key="audit_target", placeholder="Id of what it was done to", on_change=to_newest, width=240
        )
        days = st.date_input("Days", [], key="audit_days", on_change=to_newest, format="YYYY-MM-DD", width=240)
    zone = services().workspace.current().zone
    chosen = list(days) if isinstance(days, tuple) else [days]
    start, end = (chosen[0], chosen[-1]) if chosen else (None, None)
    return AuditFilter(
        Topic(topic) if topic in set(Topic) else None,
        who,
        target,
        datetime.combine(start, time(), zone) if start else None,
        datetime.combine(end, time(), zone) + timedelta(days=1) if end else None,
    )


def to_newest() -> None:
    st.session_state.pop(_CURSORS, None)


def cursor() -> str | None:
    """Of the page that is shown; None for the newest entries."""
    cursors: list[str] = st.session_state.get(_CURSORS, [])
    return cursors[-1] if cursors else None


def show_paging(more: str | None) -> None:
    cursors: list[str] = st.session_state.get(_CURSORS, [])
    if not cursors and more is None:
        return
    with st.container(horizontal=True, gap="small"):
        if st.button("Newer", icon=":material/arrow_back:", disabled=not cursors, key="audit_newer"):
            st.session_state[_CURSORS] = cursors[:-1]
            st.rerun()
        if st.button("Older", icon=":material/arrow_forward:", disabled=more is None, key="audit_older"):
            st.session_state[_CURSORS] = [*cursors, more]
            st.rerun()
