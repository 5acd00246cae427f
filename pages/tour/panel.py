"""The tour on the overview: four steps side by side, the next one with the main button."""

from pathlib import Path
from typing import Final

import streamlit as st

from crm_core.insights.first_steps import FirstSteps
from pages._ui.deps import actor
from pages._ui.formats import number
from pages._ui.guard import errors_in_words
from pages.tour.choice import FOLLOWED_S, offer_hiding, still_under_way, tour_now
from pages.tour.steps import TourStep, steps_of

STYLE: Final = Path(__file__).with_name("tour.css")


def show_tour() -> bool:
    """Whether it is shown. While the campaign of its last step is under way, it follows by itself."""
    come = tour_now()
    if come is None:
        return False
    if come.is_under_way:
        st.fragment(_follow, run_every=FOLLOWED_S)()
    else:
        _show(come)
    return True


def _follow() -> None:
    if come := still_under_way():
        _show(come)


def _show(come: FirstSteps) -> None:
    steps = steps_of(come)
    st.html(STYLE)
    with st.container(border=True, key="tour_panel", gap="small"):
        _show_head(come, steps)
        columns = st.columns(len(steps), gap="small")
        next_place = next((place for place, step in enumerate(steps) if not step.is_done), None)
        for place, (column, step) in enumerate(zip(columns, steps, strict=True)):
            state = "done" if step.is_done else "next" if place == next_place else "later"
            with column.container(key=f"tour_{state}_{place + 1}", gap="xsmall"):
                _show_step(step, place + 1, is_next=place == next_place)


def _show_head(come: FirstSteps, steps: tuple[TourStep, ...]) -> None:
    done = sum(step.is_done for step in steps)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"):
        if done == len(steps):
            words = f"**Your first campaign is delivered: {number(come.delivered)} customers have got it.**"
            st.markdown(f":green[:material/celebration:] {words}", width="content")
        else:
            st.markdown(f"**Your first campaign in four steps** :gray[· {done} of {len(steps)} done]", width="content")
        offer_hiding("Close" if done == len(steps) else "Hide")


def _show_step(step: TourStep, number_: int, *, is_next: bool) -> None:
    mark = ":green[:material/check_circle:]" if step.is_done else f":material/counter_{number_}:"
    st.markdown(f"{mark} **{step.title}**")
    st.caption(step.text)
    if not step.is_done and not actor().may(step.needs):
        st.caption(f":material/lock: {step.who_may}")
    elif step.label and st.button(
        step.label,
        key=f"tour_go_{number_}",
        type="primary" if is_next and not step.hindrance else "secondary",
        disabled=step.hindrance is not None,
        help=step.hindrance,
    ):
        with errors_in_words():
            step.go()
