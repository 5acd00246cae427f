"""The tour on the page of a step: one line that says what to do here, and once that is done, where to go on."""

from collections.abc import Mapping
from typing import Final

import streamlit as st

from crm_core.insights.first_steps import FirstSteps
from pages._ui.deps import actor
from pages._ui.guard import errors_in_words
from pages._ui.links import PageName, link_to
from pages.tour.choice import FOLLOWED_S, offer_hiding, still_under_way
from pages.tour.panel import STYLE
from pages.tour.steps import TourStep, steps_of

PLACES: Final[Mapping[PageName, int]] = {"data": 0, "audience_builder": 1, "new_campaign": 2, "campaign": 3}
"""Which step a page is for."""
HERE: Final = (
    "Import a file here; or load a made-up shop on the overview.",
    "Drag fields into the rules until there are two, give each a value, then “Use in campaign”.",
    "Write the message in the second step; the preview shows real customers.",
    "Launch from the review, and watch it arrive on the campaign's page.",
)
"""What there is to do on the page of each step."""


def show_tour_line(page: PageName, come: FirstSteps) -> None:
    """Once the last step is done, on the page of its campaign alone."""
    is_end = page == "campaign" and _is_of(come)
    if not is_end and (page not in PLACES or page == "campaign" or come.is_delivered):
        return
    if page == "campaign" and come.is_under_way:
        st.fragment(_follow, run_every=FOLLOWED_S)(page)
    else:
        _show(page, come)


def _is_of(come: FirstSteps) -> bool:
    """Whether the campaign's page that is open is that of the tour."""
    return come.sent is not None and st.query_params.get("campaign") == come.sent["_id"]


def _follow(page: PageName) -> None:
    if come := still_under_way():
        _show(page, come)


def _show(page: PageName, come: FirstSteps) -> None:
    steps = steps_of(come)
    place = 3 if page == "new_campaign" and st.query_params.get("step") == "review" else PLACES[page]
    st.html(STYLE)
    with st.container(
        key="tour_line", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"
    ):
        st.markdown(_words(steps, place, page), width="stretch")
        with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
            _show_ways(steps, place, page)
            offer_hiding("Hide")


def _words(steps: tuple[TourStep, ...], place: int, page: PageName) -> str:
    step, head = steps[place], f"Step {place + 1} of {len(steps)}"
    if not step.is_done and not actor().may(step.needs):
        return f":material/lock: **{head}, {step.title.lower()}:** {step.who_may}"
    if page != "data" and not steps[0].is_done:
        return f":material/info: **{head}, {step.title.lower()}:** {steps[1].hindrance}"
    if step.is_done or page == "campaign":
        mark = ":green[:material/check_circle:]" if step.is_done else ":material/hourglass_top:"
        end = " The tour is done." if place == len(steps) - 1 and step.is_done else ""
        return f"{mark} **{head}, {step.title.lower()}:** {step.text}{end}"
    return f":material/counter_{place + 1}: **{head}, {step.title.lower()}:** {HERE[place]}"


def _show_ways(steps: tuple[TourStep, ...], place: int, page: PageName) -> None:
    """On to the next step once this one is done, and to all of them."""
    after = steps[place + 1] if place + 1 < len(steps) else None
    is_ready = steps[place].is_done and after is not None and not after.is_done and not after.hindrance
    may_go = is_ready and after is not None and actor().may(after.needs)
    if may_go and after and st.button(after.label, icon=":material/arrow_forward:", key="tour_next"):
        with errors_in_words():
            after.go()
    link_to("overview", "All steps")
