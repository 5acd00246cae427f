"""Why there are no predictions, and what it takes."""

import streamlit as st

from crm_core.predictions.calibration import day_in_words, trust_sentence
from crm_core.predictions.limits import LEAST_CHECKED, LEAST_REPEATERS, LEAST_WEEKS
from crm_core.predictions.model import PredictionFit
from pages._ui.formats import literal, number
from pages._ui.insights import ask, show_insight
from pages._ui.links import link_to
from pages._ui.widgets import empty_state


def show_missing(fit: PredictionFit | None) -> None:
    """fit: the last one, which did not pass; None before the first."""
    if fit is None:
        title, text = "No predictions yet", "With enough orders the models are fitted by themselves, within minutes."
    else:
        title, text = "Predictions are not offered", f"{fit['reason']} It is tried anew once a day."
    with empty_state("query_stats", title, literal(text)):
        if not (fit and fit["check"]):
            link_to("data", "Bring in orders", icon=":material/upload_file:")
    st.markdown("**What it takes**")
    st.markdown("\n".join(f"- {each}" for each in _wanted(fit)))
    if fit and fit["check"]:
        show_insight(ask("bgnbd", {}), key="predictions_check", title="What the model got wrong")
        st.markdown(trust_sentence(fit["check"]))


def _wanted(fit: PredictionFit | None) -> list[str]:
    repeaters = f"; there are {number(fit['repeaters'])}" if fit and fit["customers"] else ""
    days = ""
    if fit and fit["first_day"] and fit["last_day"]:
        days = f"; there are those of {day_in_words(fit['first_day'])} to {day_in_words(fit['last_day'])}"
    return [
        f"{LEAST_REPEATERS} customers who ordered on more than one day{repeaters}",
        f"orders of {LEAST_WEEKS} weeks{days}",
        f"{LEAST_CHECKED} repeat customers in the first two thirds of it, {LEAST_CHECKED} of their orders after",
        "a model that could have foretold that last third",
    ]
