"""Imports that run and that have ended, the newest first, and the other ways to bring data in."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from crm_core.imports.running.checking import Rejected, stream_named
from crm_core.jobs.model import UNFINISHED, Job
from pages._ui.commands import IMPORT_COMMANDS
from pages._ui.deps import actor, services
from pages._ui.formats import duration, file_size, literal, number, relative_time, utc_exact
from pages._ui.guard import live
from pages._ui.jobs import Cancel, show_job_in_hand
from pages._ui.widgets import empty_state, tinted_badge
from pages.data.new_import import FORMATS, show_rejected

LIVE_S: Final = 1.0
_STATES: Final = {
    "queued": ("gray", "schedule", "queued"),
    "running": ("blue", "sync", "running"),
    "done": ("green", "check_circle", "done"),
    "failed": ("red", "error", "failed"),
    "cancelled": ("gray", "block", "cancelled"),
}


def show_imports() -> None:
    """Live while one of them runs."""
    st.subheader("Recent imports", anchor=False)
    moving = is_moving(services().imports.recent(actor=actor()))
    live(run_every=LIVE_S if moving else None)(_show_now)(is_live=moving)
    _show_other_ways()


def is_moving(imports: Sequence[Job]) -> bool:
    return any(job["state"] in UNFINISHED for job in imports)


def _show_now(*, is_live: bool) -> None:
    imports, now = services().imports.recent(actor=actor()), services().clock()
    if is_live and not is_moving(imports):
        st.cache_data.clear()
        st.rerun()
    if not imports:
        empty_state("upload_file", "No import yet", "Choose a file above. It is checked before anything is written.")
    for job in imports:
        _show_import(job, now)


def _show_import(job: Job, now: datetime) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{literal(job['name'])}**", width="content")
            st.markdown(tinted_badge(*_STATES[job["state"]]), width="content")
        moment = job.get("finished_at") or job["created_at"]
        verb = "Ended" if job.get("finished_at") else "Asked for"
        what = f"{job['records'].capitalize()} · {FORMATS[job['format']]} · {file_size(job['size'])}"
        by = literal(job["created_by"])
        st.caption(f"{what} · {verb.lower()} {relative_time(moment, now)} by {by}", help=utc_exact(moment))
        if job["state"] in UNFINISHED:
            show_job_in_hand(job, _progress(job, now), _cancel(job))
        elif job["state"] == "cancelled":
            st.markdown(_left(job))
        elif job["state"] == "done":
            st.markdown(_result(job))
        else:
            st.error(literal(job["failure"]), icon=":material/error:")
        _show_errors(job)


def _progress(job: Job, now: datetime) -> str:
    done, total = job["done"], job["total"]
    if done < total:
        return f"{number(done)} of {number(total)}{_pace(job, job.get('heartbeat_at', now))}"
    waiting = services().publisher.backlog(stream_named(job["records"]))
    return f"{number(done)} of {number(total)} read · {number(waiting)} {job['records']} wait to be stored"


def _cancel(job: Job) -> Cancel:
    return Cancel(
        "Cancel import",
        f"The rest of the file is not read. The {job['records']} that were accepted stay.",
        lambda: services().imports.cancel(job["_id"], actor=actor()),
    )


def _left(job: Job) -> str:
    """What a cancelled import has done."""
    refused = f" · **{number(job['rejected'])}** rejected" if job["rejected"] else ""
    read = f"{number(job['done'])} of {number(job['total'])} read"
    by = literal(str(job["cancelled_by"]))
    return f"**{number(job['accepted'])}** accepted, which stay{refused} · {read} · cancelled by {by}"


def _pace(job: Job, then: datetime) -> str:
    """then: when it was as far as it says."""
    if "started_at" not in job:
        return ""
    length, done = then - job["started_at"], job["done"]
    if not done or length < timedelta(seconds=1):
        return ""
    rate = done / length.total_seconds()
    left = timedelta(seconds=round((job["total"] - done) / rate))
    return f" · {number(round(rate))} per second · {duration(left)} left"


def _result(job: Job) -> str:
    took = duration(job["finished_at"] - job["started_at"])
    refused = f" · **{number(job['rejected'])}** rejected" if job["rejected"] else ""
    kept = f" · **{number(count)}** denials of consent kept" if (count := job.get("denials_kept")) else ""
    return f"**{number(job['accepted'])}** accepted{refused}{kept} · took {took}"


def _show_errors(job: Job) -> None:
    if not job["errors"]:
        return
    count = job["rejected"]
    with st.expander(f"{number(count)} rejected {'line' if count == 1 else 'lines'}", icon=":material/rule:"):
        show_rejected([Rejected(**row) for row in job["errors"]], count)


def _show_other_ways() -> None:
    st.subheader("Larger files, and other programs", anchor=False)
    st.markdown("On the command line, for files of any size; the key also opens the REST API to your own programs.")
    st.code(IMPORT_COMMANDS, language=None, wrap_lines=True)
    st.link_button("API documentation", "/api/docs", icon=":material/api:")
