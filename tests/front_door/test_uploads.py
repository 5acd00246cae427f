"""What a session may upload: Streamlit keeps it in memory, whether a page asked for it or not."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from crm_core.front_door.uploads import MAX_SESSION_MB
from tests.front_door.visitor import visiting
from tests.running_app import RunningApp

MB = 1_000_000


def test_a_session_s_uploads_are_bounded_together(app: RunningApp) -> None:
    with visiting(app) as visitor:
        for name in ("a", "b", "c"):
            assert visitor.upload(19 * MB, name=name).status_code == 204
        answer = visitor.upload(19 * MB)
        assert answer.status_code == 413
        assert f"{MAX_SESSION_MB} MB" in answer.text
        assert visitor.remove("b").status_code == 204
        assert visitor.upload(19 * MB).status_code == 204


def test_uploads_of_one_session_take_nothing_from_another(app: RunningApp) -> None:
    with visiting(app) as one, visiting(app) as other:
        assert one.session_id != other.session_id
        for _ in range(3):
            assert one.upload(19 * MB).status_code == 204
        assert other.upload(19 * MB).status_code == 204


def test_nobody_uploads_to_a_page_of_somebody_else_or_removes_a_file_there(app: RunningApp) -> None:
    with visiting(app) as one, visiting(app) as other:
        thief = one.with_page_of(other)
        assert other.upload(50 * MB // 3, name="theirs").status_code == 204
        for answer in (thief.upload(1), thief.remove("theirs")):
            assert answer.status_code == 403
            assert "not for a page that you have open" in answer.text
        for _ in range(2):
            assert other.upload(50 * MB // 3).status_code == 204
        assert other.upload(19 * MB).status_code == 413, "nothing was added, and the file is still there"


@pytest.mark.parametrize("session", ["", "/", "no-such-page", "%2e%2e", "é", "x" * 5000])
def test_an_upload_for_no_page_is_refused(app: RunningApp, session: str) -> None:
    with visiting(app) as visitor:
        assert replace(visitor, session_id=session).upload(1).status_code in (400, 403, 404)


def test_uploads_at_the_same_moment_count_together(app: RunningApp) -> None:
    with visiting(app) as visitor, ThreadPoolExecutor(6) as pool:
        statuses = [answer.status_code for answer in pool.map(lambda _: visitor.upload(15 * MB), range(6))]
    assert statuses.count(204) <= MAX_SESSION_MB // 15
    assert {*statuses} <= {204, 413}


@pytest.mark.parametrize("size", [22 * MB, 70 * MB])
def test_a_file_that_is_too_large_is_refused(app: RunningApp, size: int) -> None:
    with visiting(app) as visitor:
        assert visitor.upload(size).status_code == 413


def test_an_upload_says_its_size(app: RunningApp) -> None:
    with visiting(app) as visitor:
        answer = visitor.upload_without_size()
        assert answer.status_code == 411
        assert "Content-Length" in answer.text
