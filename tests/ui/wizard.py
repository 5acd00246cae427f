"""The pages of a new campaign as a test goes through them."""

import re
from html import unescape

import streamlit as st

from crm_core.audience.snapshot.keeper import Status
from crm_core.jobs.model import UNFINISHED
from crm_core.services import Services
from tests.integration.job_rig import jobs_worker
from tests.ui.page import Page
from tests.waiting import eventually

NEXT, LAUNCHED, SURE = "wizard_next", "launch", "launch_confirm"
_TAG = re.compile(r"<[^>]+>")


def load_snapshot(services: Services) -> None:
    """Reach is counted by channel once the customers are in memory."""
    services.snapshot.start()
    services.snapshot.wait_until(lambda state: state.status is Status.READY, 20)
    st.cache_data.clear()


def to_step(page: Page, step: str) -> None:
    """By the rail."""
    next(button for button in page.test.button if (button.key or "").endswith(f"_rail_{step}")).click()
    page.run()


def review(page: Page, services: Services) -> None:
    """Go to the last step, and let the jobs worker do the rehearsal that it asks for."""
    to_step(page, "review")
    eventually(lambda: _all_jobs_are_done(services), what="the rehearsal")
    page.run()


def _all_jobs_are_done(services: Services) -> bool:
    jobs_worker(services).run_once()
    return services.db.jobs.find_one({"state": {"$in": list(UNFINISHED)}}) is None


def launch_label(page: Page) -> str:
    return next(button.label for button in page.test.button if (button.key or "").endswith("_launch"))


def launch(page: Page) -> None:
    """From the review, answering what is asked."""
    label = launch_label(page)
    page.click(label)
    sure = next(button.label for button in page.test.button if button.key == SURE)
    page.click(sure, dialog=label)


def preview(page: Page) -> str:
    """What is in the mail, the bubble or the card, as text."""
    bodies: list[str] = [each.proto.body for each in page.test.get("html")]
    (shown,) = [body for body in bodies if 'class="look' in body]
    return " ".join(unescape(_TAG.sub(" ", shown)).split())
