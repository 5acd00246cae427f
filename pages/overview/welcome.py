"""The way in for an empty workspace: made-up customers, or one's own file."""

import streamlit as st

from crm_core.infra.streams import INGESTED
from pages._ui.commands import IMPORT_COMMANDS
from pages._ui.demo_shop import DEMO_WORDS, LOAD_DEMO, load_demo_shop
from pages._ui.deps import actor, services
from pages._ui.formats import number
from pages._ui.guard import live
from pages._ui.jobs import Cancel, show_job_in_hand
from pages._ui.links import go_to
from pages._ui.widgets import empty_state, page_header
from pages.tour.panel import show_tour


def welcome() -> None:
    """What an empty workspace offers: made-up customers, or one's own file."""
    page_header("Welcome to ClientNest", "Build audiences from your customers' orders, and message them.")
    if not show_tour():
        with empty_state("groups", "No customers yet", DEMO_WORDS):
            if st.button(LOAD_DEMO, type="primary", icon=":material/download:"):
                load_demo_shop()
    st.subheader("Or bring your own", anchor=False)
    st.markdown("Import a file of customers, orders or events, or send them to the REST API.")
    if st.button("Import a file", icon=":material/upload_file:"):
        go_to("data")
    st.caption("On the command line, for files of any size:")
    st.code(IMPORT_COMMANDS, language=None, wrap_lines=True)


@live(run_every=0.5)
def demo_progress() -> None:
    jobs = services().demo_jobs
    job = jobs.latest()
    if job is None or not jobs.is_running():
        st.cache_data.clear()
        st.rerun()
    done, total = job["done"], job["total"]
    words = f"{number(done)} of {number(total)} records made" if total else "Starting"
    waiting = services().publisher.backlog(*INGESTED) if total else 0
    with st.container(border=True):
        st.markdown("**Loading demo data**")
        show_job_in_hand(
            job,
            f"{words} · {number(waiting)} still to be stored",
            Cancel(
                "Cancel loading",
                "No more customers and orders are made. Those that were made stay.",
                lambda: cancel_demo(job["_id"]),
            ),
        )


def cancel_demo(job_id: str) -> str:
    job = services().demo_jobs.cancel(job_id, actor=actor())
    return f"Cancelled. {number(job['done'])} of {number(job['total'])} records were made, and stay."
