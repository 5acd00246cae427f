"""Whether the tour is shown to this person: as they have chosen, else until a day after its end."""

from datetime import timedelta
from typing import Final

import streamlit as st

from crm_core.access.preferences import TourChoice
from crm_core.errors import CrmError
from crm_core.insights.first_steps import FirstSteps
from pages._ui.deps import actor, services
from pages._ui.links import go_to

SHOWN_AFTER_END: Final = timedelta(days=1)
HIDDEN: Final = "tour_hidden"
WAY_BACK: Final = "Getting started"
FOLLOWED_S: Final = 2.0


def tour_now() -> FirstSteps | None:
    """How far its reader has come; None if it is not shown. It waits for no database, and no page fails for it."""
    found, me = services(), actor()
    if found.workspace.is_away:
        return None
    try:
        choice = found.preferences.tour(actor=me)
        if choice is TourChoice.HIDDEN:
            return None
        come = found.first_steps.read(actor=me)
    except CrmError:
        return None
    return come if choice is TourChoice.SHOWN or not _is_long_over(come) else None


def still_under_way() -> FirstSteps | None:
    """For what follows by itself: once there is nothing to follow any more, the page is drawn anew."""
    come = tour_now()
    if come and not come.is_under_way:
        st.rerun()
    return come


def _is_long_over(come: FirstSteps) -> bool:
    ended = come.sent["finished_at"] if come.sent and come.is_delivered else None
    return ended is not None and services().clock() - ended > SHOWN_AFTER_END


def offer_hiding(label: str) -> None:
    if st.button(label, icon=":material/close:", type="tertiary", key="tour_hide"):
        services().preferences.choose_tour(TourChoice.HIDDEN, actor=actor())
        st.session_state[HIDDEN] = True
        st.rerun()


def offer_way_back() -> None:
    """In the sidebar, while the tour is not shown."""
    if st.session_state.pop(HIDDEN, False):
        st.toast(f"The steps are hidden. “{WAY_BACK}” in the sidebar brings them back.", icon=":material/checklist:")
    if st.button(WAY_BACK, icon=":material/checklist:", type="tertiary", key="tour_back"):
        services().preferences.choose_tour(TourChoice.SHOWN, actor=actor())
        go_to("overview")
