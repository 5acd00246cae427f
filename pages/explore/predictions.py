"""Predictions: whether to trust them, what they say of all customers, and the model that they come from."""

from typing import Final

import streamlit as st

from crm_core.access.permissions import Permission, roles_in_words
from crm_core.jobs.model import UNFINISHED, Job
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number
from pages._ui.guard import live
from pages._ui.jobs import Cancel, show_job_in_hand
from pages._ui.widgets import page_header, time_caption
from pages.explore.predictions_empty import show_missing
from pages.explore.predictions_shown import show_fit

LIVE_S: Final = 1.0


def show_refit_button(job: Job | None) -> None:
    """Not while a fit is under way, nor for those who may not."""
    is_busy = job is not None and job["state"] in UNFINISHED
    may = actor().may(Permission.REFIT_PREDICTIONS)
    about = "Fits the models to the orders of now. By itself that happens once a day."
    if not may:
        about = f"To {Permission.REFIT_PREDICTIONS} takes the role {roles_in_words(Permission.REFIT_PREDICTIONS)}."
    if st.button(
        "Refit now", icon=":material/refresh:", disabled=is_busy or not may, help=about, key="predictions_refit"
    ):
        services().refits.start(actor=actor())
        st.rerun()


@live(run_every=LIVE_S)
def show_progress() -> None:
    job = services().refits.latest(actor=actor())
    if job is None or job["state"] not in UNFINISHED:
        st.rerun()
    done, total = job["done"], job["total"]
    words = f"{number(done)} of {number(total)} customers written" if total else "Reading orders and fitting the models"
    with st.container(border=True):
        st.markdown("**A fit is under way**")
        show_job_in_hand(
            job,
            words,
            Cancel(
                "Cancel the fit",
                "No more customers get new predictions. Those that have them keep them, the others those of before.",
                lambda: cancel(job["_id"]),
            ),
        )


def cancel(job_id: str) -> str:
    job = services().refits.cancel(job_id, actor=actor())
    return f"Cancelled. {number(job['done'])} customers were looked at."


def show_last_job(job: Job) -> None:
    """What became of the last one, where it did not end as it should."""
    if job["state"] == "failed":
        st.error(literal(f"The last fit failed. {job['failure']}"), icon=":material/error:")
    elif job["state"] == "cancelled":
        by = literal(str(job["cancelled_by"]))
        st.caption(f":material/block: The last fit was cancelled by {by}. Customers may have predictions of two fits.")


job, fit = services().refits.latest(actor=actor()), services().prediction_fits.latest(actor=actor())
with page_header("Predictions", "Who will order again, how often, and for how much."):
    show_refit_button(job)
if job and job["state"] in UNFINISHED:
    show_progress()
elif job:
    show_last_job(job)
if fit is None or fit["reason"] is not None:
    show_missing(fit)
else:
    show_fit(fit)
if fit:
    time_caption("Fitted", fit["fitted_at"], services().clock())
