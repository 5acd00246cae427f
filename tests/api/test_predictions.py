"""Predictions over HTTP, through the real jobs worker."""

import httpx

from crm_core.access.scopes import Scope
from tests.api.answers import Json, problem_in
from tests.running_app import RunningApp
from tests.waiting import eventually


def test_a_fit_is_asked_for_done_and_answered_with_its_reason(app: RunningApp) -> None:
    with app.api(Scope.SEGMENTS_WRITE, Scope.SEGMENTS_READ) as client:
        started = eventually(  # other tests ask for fits as well
            lambda: client.post("/predictions/refits"), lambda answer: answer.status_code == 202, "no other fit"
        )
        refit = started.json()["id"]
        ended: Json = eventually(
            lambda: client.get(f"/predictions/refits/{refit}").json(),
            lambda job: job["state"] not in {"queued", "running"},
            "the fit",
        )
        assert ended["state"] == "done", ended
        fit = client.get("/predictions").json()
        assert fit["id"] == refit
        assert fit["is_offered"] is (fit["reason"] is None)
        assert problem_in(client.delete(f"/predictions/refits/{refit}"), 409)["detail"] == (
            "This fit of the predictions is done; only a queued or a running one can be cancelled."
        )
        problem_in(client.get("/predictions/refits/none"), 404)


def test_a_fit_takes_the_scope_of_segments(app: RunningApp) -> None:
    with app.api(Scope.SEGMENTS_READ) as client:
        assert_refused(client.post("/predictions/refits"))
    with app.api(Scope.CUSTOMERS_READ) as client:
        assert_refused(client.get("/predictions"))


def assert_refused(answer: httpx.Response) -> None:
    assert "segments:" in problem_in(answer, 403)["detail"]
