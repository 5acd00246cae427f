"""The workers: who lives, what it does, and who is missing."""

from datetime import datetime
from typing import Final

import streamlit as st

from crm_core.infra.heartbeat import WORKER_GROUPS, WorkerState
from pages._ui.deps import services
from pages._ui.formats import literal, number, relative_time, utc_exact
from pages._ui.guard import live
from pages._ui.widgets import tinted_badge

CARD_PX: Final = 260
_TASKS: Final = {
    "ingest": "stores customers, orders and events",
    "campaigns": "prepares launched campaigns",
    "delivery": "sends messages",
    "receipts": "books delivery receipts",
    "jobs": "imports files and loads demo data",
}
_STATES: Final = {
    "idle": ("green", "check_circle", "idle"),
    "busy": ("blue", "bolt", "busy"),
    "outage": ("orange", "cloud_off", "waits for a server"),
    "waiting": ("orange", "hourglass_top", "waits for the data"),
}


def show_workers() -> None:
    st.subheader("Workers", anchor=False)
    _show_now()


@live(run_every=2)
def _show_now() -> None:
    workers, now = services().monitor.workers(), services().clock()
    if missing := [group for group in WORKER_GROUPS if group not in {worker.group for worker in workers}]:
        st.warning("  \n".join(map(_missing, missing)), icon=":material/person_off:")
    with st.grid(3, min_column_width=CARD_PX, gap="small"):
        for worker in workers:
            _show_worker(worker, now)
    if any(worker.is_silent(now) for worker in workers):
        st.caption(
            "A silent worker has died or hangs. The app starts its own anew; start another with "
            "`python -m workers.NAME`. What it had in hand is taken over by the next one of its kind."
        )


def _show_worker(worker: WorkerState, now: datetime) -> None:
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**{literal(worker.group.capitalize())}**", width="content")
            st.markdown(_badge(worker, now), width="content")
        st.caption(f"{_TASKS.get(worker.group, 'works').capitalize()}")
        failed = f":red[**{number(worker.failed)}** failed]" if worker.failed else "0 failed"
        st.markdown(f"**{number(worker.handled)}** handled · {failed}")
        place = f"process {worker.pid} on {literal(worker.host)}"
        st.caption(f"Started {relative_time(worker.started_at, now)}", help=f"{utc_exact(worker.started_at)}, {place}")


def _badge(worker: WorkerState, now: datetime) -> str:
    if worker.is_silent(now):
        silence = relative_time(worker.beat_at, now).removesuffix(" ago")
        return tinted_badge("red", "heart_broken", f"silent for {silence}")
    return tinted_badge(*_STATES.get(worker.state, ("gray", "help", worker.state)))


def _missing(group: str) -> str:
    return (
        f"No **{group}** worker was heard of within the hour; it {_TASKS[group]}. "
        f"Start one with `python -m workers.{group}`, or let the app run it with `CRM_RUN_WORKERS=true`."
    )
