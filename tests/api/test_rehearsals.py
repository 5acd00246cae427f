"""Rehearsals over HTTP, through the real jobs worker: what they foresee is what the launch then does."""

import httpx
import pytest

from crm_core.access.scopes import Scope
from tests.api.answers import Json, problem_in, store_customers, tagged
from tests.running_app import RunningApp
from tests.waiting import eventually

PEOPLE, DENIED = 60, 7


@pytest.fixture(scope="module")
def campaign(client: httpx.Client) -> str:
    """A draft for 60 customers, 7 of whom want no in-app messages."""
    records: list[Json] = [{"id": f"reh-{n:03}", "name": f"Person{n} Smith"} for n in range(PEOPLE)]
    for record in records[:DENIED]:
        record["consent"] = {"in_app": "denied"}
    store_customers(client, "api-rehearsal", records)
    body = {"name": "Autumn", "message": "Hi {{ customer.first_name }}!", "rule": tagged("api-rehearsal")}
    return str(client.post("/campaigns", json=body).json()["id"])


@pytest.fixture(scope="module")
def done(client: httpx.Client, campaign: str) -> Json:
    started = client.post(f"/campaigns/{campaign}/rehearsals")
    assert (started.status_code, started.json()["state"]) == (202, "queued")
    found: Json = eventually(
        lambda: client.get(f"/campaigns/{campaign}/rehearsals/{started.json()['id']}").json(),
        lambda job: job["state"] not in {"queued", "running"},
        "the rehearsal",
    )
    return found


def test_what_is_foreseen_is_what_the_launch_then_does(client: httpx.Client, campaign: str, done: Json) -> None:
    result = done["result"]
    assert (done["state"], result["is_complete"], result["audience"]) == ("done", True, PEOPLE)
    assert client.get(f"/campaigns/{campaign}").json()["state"] == "draft"
    assert client.get(f"/campaigns/{campaign}/stats").json()["audience"] == 0
    assert client.post(f"/campaigns/{campaign}/launch").status_code == 202
    stats = eventually(
        lambda: client.get(f"/campaigns/{campaign}/stats").json(), lambda stats: stats["state"] == "completed"
    )
    assert stats["audience"] == PEOPLE
    assert result["skipped_by_reason"] == stats["skipped_by_reason"] == {"no_consent": DENIED}
    assert result["by_state"] == {"sent": PEOPLE - DENIED, "skipped": DENIED, "failed": 0, "held_out": 0, "pending": 0}
    assert sum(bucket["messages"] for bucket in result["buckets"]) == PEOPLE - DENIED


def test_examples_are_for_keys_that_may_read_customers(
    app: RunningApp, client: httpx.Client, campaign: str, done: Json
) -> None:
    assert done["result"]["examples"][0] == {
        "variant": None,
        "customer_id": f"reh-{DENIED:03}",
        "body": f"Hi Person{DENIED}!",
        "at": done["start_at"],
    }
    path = f"/campaigns/{campaign}/rehearsals/{done['id']}"
    with app.api(Scope.CAMPAIGNS_READ) as reader:
        seen = reader.get(path).json()
        assert seen == done | {"result": done["result"] | {"examples": None, "faults": None}}
        listed = reader.get(f"/campaigns/{campaign}/rehearsals", params={"limit": 1}).json()
        del seen["result"]
        assert listed == {"items": [seen], "next": None}
        for refused in (reader.post(f"/campaigns/{campaign}/rehearsals"), reader.delete(path)):
            problem_in(refused, 403)


def test_what_cannot_be_rehearsed_or_cancelled_says_why(client: httpx.Client, campaign: str, done: Json) -> None:
    path = f"/campaigns/{campaign}/rehearsals"
    passed = problem_in(client.post(path, json={"start_at": "2020-01-01T00:00:00Z"}), 422)
    assert (passed["field"], "between now and 366 days later" in passed["detail"]) == ("start_at", True)
    assert problem_in(client.post(path, json={"startAt": "soon"}), 422)["errors"][0]["field"] == "start_at"
    for answer in (client.post("/campaigns/none/rehearsals"), client.get("/campaigns/none/rehearsals")):
        problem_in(answer, 404)
    assert problem_in(client.get(path, params={"cursor": "none"}), 422)["field"] == "cursor"
    for answer in (client.get(f"{path}/none"), client.delete(f"{path}/none")):
        problem_in(answer, 404)
    assert "is done" in problem_in(client.delete(f"{path}/{done['id']}"), 409)["detail"]
