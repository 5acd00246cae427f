"""``kill -9`` of the jobs worker while it fits the models and writes predictions: the fit goes on and ends."""

import httpx

from crm_core.jobs.model import JobState
from crm_core.services import Services
from tests.actors import TEST
from tests.predictions.shop import store_shop
from tests.running_app import RunningApp
from tests.waiting import eventually

KILLS = 3


def wait_for_run(services: Services, job_id: str, runs: int) -> None:
    """Until a worker has begun with it so often, or it is done."""
    eventually(
        lambda: services.refits.get(job_id, actor=TEST),
        lambda job: job["runs"] >= runs or job["state"] == JobState.DONE,
        "the worker has begun with it",
    )


def test_a_fit_whose_worker_is_killed_again_and_again_ends(running: RunningApp, client: httpx.Client) -> None:
    with running.services() as services:
        store_shop(services, 900)
        started = eventually(
            lambda: client.post("/predictions/refits"), lambda answer: answer.status_code == 202, "no other fit"
        )
        job_id = started.json()["id"]
        for kills in range(KILLS):
            wait_for_run(services, job_id, kills + 1)
            running.kill_child("jobs")
        job = eventually(
            lambda: services.refits.get(job_id, actor=TEST), lambda job: job["state"] == JobState.DONE, "the fit"
        )
        fit = services.prediction_fits.find(job_id)
        assert fit is not None
        assert "written_at" in fit
        predicted = services.db.customers.count_documents({"predicted": {"$exists": True}})
        assert predicted == fit["written"] == job["result"]["written"]
        assert (predicted > 0) is (fit["reason"] is None)
