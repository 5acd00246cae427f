"""Exports of customers, wherever they are asked for: the button, and those of the last day with their files."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import streamlit as st

from crm_core.access.permissions import Permission, roles_in_words
from crm_core.errors import CrmError
from crm_core.front_door.export_routes import PATH
from crm_core.jobs.model import UNFINISHED, Job
from pages._ui.deps import actor, services
from pages._ui.formats import file_size, literal, number, relative_time, utc_exact
from pages._ui.guard import live, show_error
from pages._ui.jobs import Cancel, show_job_in_hand

LIVE_S: Final = 1.0
NEWS: Final = timedelta(minutes=10)
ABOUT: Final = "As CSV, with all fields and custom attributes. The file can be imported again as it is."


def export_button(label: str, key: str, start: Callable[[], Job]) -> None:
    """Asks for the export, and has the page show it; not for those who may not."""
    refusal = why_not()
    if not st.button(
        label,
        key=key,
        icon=":material/download:",
        type="tertiary",
        disabled=refusal is not None,
        help=refusal or ABOUT,
    ):
        return
    try:
        start()
    except CrmError as exc:
        show_error(exc)
    else:
        st.rerun()


def why_not() -> str | None:
    """Why the reader may not export, if they may not."""
    if actor().may(Permission.EXPORT_CUSTOMERS):
        return None
    return f"To {Permission.EXPORT_CUSTOMERS} takes the role {roles_in_words(Permission.EXPORT_CUSTOMERS)}."


def show_exports() -> None:
    """Live while one of them is written; nothing for those who may not export, nor without any."""
    if not actor().may(Permission.EXPORT_CUSTOMERS):
        return
    moving = _is_moving(services().exports.recent(actor=actor()))
    live(run_every=LIVE_S if moving else None)(_show_now)(is_live=moving)


def _show_now(*, is_live: bool) -> None:
    exports = services().exports.recent(actor=actor())
    if is_live and not _is_moving(exports):
        st.rerun()
    if not exports:
        return
    count = f" ({number(len(exports))})" if len(exports) > 1 else ""
    with st.expander(f"Exports of the last day{count}", expanded=_is_news(exports[0]), icon=":material/download:"):
        for job in exports:
            _show_export(job)


def _is_moving(exports: Sequence[Job]) -> bool:
    return any(job["state"] in UNFINISHED for job in exports)


def _is_news(newest: Job) -> bool:
    """Whether somebody may be waiting for it, or has just done so."""
    ended = newest.get("finished_at")
    return ended is None or services().clock() - ended < NEWS


def _show_export(job: Job) -> None:
    if job["state"] in UNFINISHED:
        st.markdown(literal(job["name"]))
        show_job_in_hand(job, _progress(job), _cancel(job))
        return
    now, at = services().clock(), job["finished_at"]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        ended = f"{relative_time(at, now)}, for {literal(job['created_by'])}"
        with st.container(width="content", gap=None):
            st.markdown(literal(job["name"]))
            st.caption(f"{_outcome(job)} · {ended}", help=utc_exact(at))
        if job["state"] == "done" and job["file_until"] > now:
            st.link_button(
                "Download CSV", f"{PATH}{job['_id']}", icon=":material/download:", key=f"export_{job['_id']}"
            )


def _progress(job: Job) -> str:
    return f"{number(job['done'])} of {number(job['total'])} customers" if job["total"] else "Looking for the customers"


def _outcome(job: Job) -> str:
    if job["state"] == "failed":
        return f":material/error: Failed. {literal(job['failure'])}"
    if job["state"] == "cancelled":
        return f":material/block: Cancelled by {literal(str(job['cancelled_by']))}"
    customers = f"{number(job['done'])} {'customer' if job['done'] == 1 else 'customers'}"
    return f"{customers} · {file_size(job['size'])}"


def _cancel(job: Job) -> Cancel:
    def cancel() -> None:
        services().exports.cancel(job["_id"], actor=actor())

    return Cancel("Cancel export", "No file is kept.", cancel)
