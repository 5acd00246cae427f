"""A job in hand, the same wherever one is shown: how far it is, its sign of life, and how to end it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import streamlit as st

from crm_core.errors import CrmError
from crm_core.jobs.model import Job, JobState
from pages._ui.deps import services
from pages._ui.formats import duration, literal
from pages._ui.sign_of_life import SILENT_AFTER, show_sign_of_life

GONE: Final = "the worker may be gone. The job is taken up again by itself, and goes on where it was."


@dataclass(frozen=True)
class Cancel:
    """label: of the button that ends the job. what_stays: a sentence. cancel: ends it, and returns what to say, if
    anything. Raises CrmError."""

    label: str
    what_stays: str
    cancel: Callable[[], str | None]


def show_job_in_hand(job: Job, words: str, cancel: Cancel) -> None:
    """words: how far it is, beside the bar, once a worker has begun with it."""
    now, is_queued = services().clock(), job["state"] == JobState.QUEUED
    share = min(1.0, job["done"] / job["total"]) if job["total"] else 0.0
    st.progress(share, "Waits for the jobs worker" if is_queued else words)
    if not is_queued:
        show_sign_of_life(job.get("heartbeat_at"), now, GONE)
    elif (waited := now - job["created_at"]) > SILENT_AFTER:
        waits = duration(timedelta(seconds=int(waited.total_seconds())))
        st.caption(f":material/hourglass_top: Waiting for {waits}. Another job may be in hand, or no jobs worker runs.")
    st.caption("This goes on when you leave the page.")
    _offer_cancel(job["_id"], cancel)


def _offer_cancel(job_id: str, cancel: Cancel) -> None:
    """In a popover: a dialog would close with the next drawing of the live part."""
    with st.popover("Cancel …", icon=":material/block:", key=f"job_cancel_{job_id}"):
        st.markdown(cancel.what_stays)
        key = f"job_cancel_sure_{job_id}"
        st.button(cancel.label, type="primary", key=key, on_click=_cancel, args=(cancel,))


def _cancel(cancel: Cancel) -> None:
    try:
        said = cancel.cancel()
    except CrmError as exc:
        st.toast(literal(str(exc)), icon=":material/error:")
    else:
        if said:
            st.toast(said)
