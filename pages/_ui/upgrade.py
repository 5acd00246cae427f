"""What every page shows while the data are brought forward to this version of the program."""

from typing import Final

import streamlit as st

from crm_core.infra.clock import utc_now
from crm_core.upgrades.lease import LEASE
from crm_core.upgrades.progress import PROMISE, TITLE
from pages._ui.deps import upgrade
from pages._ui.formats import literal, percent
from pages._ui.guard import live
from pages._ui.sign_of_life import show_sign_of_life
from pages._ui.widgets import page_header

LIVE_S: Final = 1.0
GONE: Final = "the process that does it may be gone. Another one takes it up by itself, and goes on where it was."


def show_upgrade() -> bool:
    """Whether one is in hand: then it is shown instead of the page, which comes back by itself."""
    if upgrade() is None:
        return False
    page_header("Updating your data")
    _show_progress()
    return True


@live(run_every=LIVE_S)
def _show_progress() -> None:
    progress = upgrade()
    if progress is None:
        st.cache_data.clear()
        st.rerun()
    with st.container(border=True, key="upgrade"):
        st.markdown(f"{TITLE}: {literal(progress.position)}.")
        st.progress(progress.fraction, percent(progress.fraction, 1))
        if progress.failure:
            st.error(literal(f"It has stopped. {progress.failure}"), icon=":material/error:")
        else:
            show_sign_of_life(progress.beat_at, utc_now(), GONE, after=2 * LEASE)
        st.caption(
            f"{PROMISE} It goes on when you leave the page, and after an interruption where it was. "
            "This page comes back by itself."
        )
