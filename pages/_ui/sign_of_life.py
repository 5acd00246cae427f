"""How long ago something that works elsewhere was last heard of, and what that means."""

from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from pages._ui.formats import duration, utc_exact

SILENT_AFTER: Final = timedelta(seconds=30)
"""Longer than any part of the work takes that says nothing meanwhile."""


def show_sign_of_life(beat_at: datetime | None, now: datetime, gone: str, *, after: timedelta = SILENT_AFTER) -> None:
    """gone: what may have happened when there was none for longer than ``after``, and what comes next."""
    if beat_at is None:
        return
    age = max(now - beat_at, timedelta())
    words = duration(timedelta(seconds=int(age.total_seconds()))) if age >= timedelta(seconds=1) else "a moment"
    if age > after:
        st.warning(f"No sign of life for {words}: {gone}", icon=":material/hourglass_disabled:")
    else:
        st.caption(f"Last sign of life {words} ago.", help=utc_exact(beat_at))
