"""While the data are brought forward every page shows how far that is, and comes back by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest

from crm_core.infra.clock import utc_now
from crm_core.services import Services, install, note_upgrade
from crm_core.upgrades.progress import UpgradeProgress
from pages._ui.links import PageName
from tests.ui.page import Page, open_session

HALF = UpgradeProgress(
    step=2, steps=4, title="search words of customers", noun="customers", done=120_000, total=480_000
)
SENTENCE = (
    "Your data are being brought forward to this version: step 2 of 4 (search words of customers), "
    "120,000 of 480,000 customers."
)


@pytest.fixture
def upgrading(workspace: Services) -> Iterator[Services]:
    install(None)
    note_upgrade(replace(HALF, beat_at=utc_now()))
    yield workspace
    note_upgrade(None)


@pytest.mark.parametrize("name", get_args(PageName))
def test_every_page_shows_how_far_the_upgrade_is(name: PageName, upgrading: Services) -> None:
    page = Page(name, session_id=open_session(upgrading))
    assert SENTENCE in page.words
    assert "Nothing is stored or sent before that is done." in page.words
    assert "31.2 %" in page.words
    assert page.progress == [31]
    assert "Last sign of life" in page.words
    assert not page.errors


def test_the_page_comes_back_when_the_upgrade_is_done(upgrading: Services) -> None:
    page = Page("overview", session_id=open_session(upgrading))
    install(upgrading)
    page.run()
    assert page.title == "Welcome to ClientNest"
    assert not page.progress


def test_the_page_says_when_nobody_was_heard_of(upgrading: Services) -> None:
    note_upgrade(replace(HALF, beat_at=utc_now() - timedelta(seconds=5, minutes=2)))
    assert (
        "No sign of life for 2 min 5 s: the process that does it may be gone."
        in Page("data", session_id=open_session(upgrading)).errors
    )


def test_the_page_says_why_an_upgrade_has_stopped(upgrading: Services) -> None:
    note_upgrade(replace(HALF, failure="step 2 of 4 failed with OutOfDiskSpace."))
    page = Page("segments", session_id=open_session(upgrading))
    assert "It has stopped. step 2 of 4 failed with OutOfDiskSpace." in page.errors
    assert "sign of life" not in page.words
