"""What API keys did is in the audit log: uses by scope and hour, refusals, unknown keys, and where from."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from crm_core.access.scopes import Scope
from tests.api.answers import problem_in
from tests.running_app import RunningApp, new_key_name
from tests.waiting import eventually


def counted(app: RunningApp, **query: Any) -> list[dict[str, Any]]:
    with app.services() as services:
        return list(services.db.audit_counts.find(query))


def test_uses_and_refusals_of_a_key_are_counted_with_their_origin(app: RunningApp) -> None:
    with app.api(Scope.SEGMENTS_READ) as client:
        for _ in range(3):
            assert client.get("/segments").status_code == 200
        assert client.get("/customers").status_code == 403
        key = client.headers["Authorization"].removeprefix("Bearer ")
        with app.services() as services:
            found = services.keys.find(key)
            assert found
        rows = eventually(lambda: counted(app, actor_id=found.id), lambda rows: len(rows) >= 2, "counts")
    uses = {row["details"]["scope"]: row["count"] for row in rows if row["action"] == "key.use"}
    assert uses == {"segments:read": 3}
    (refused,) = (row for row in rows if row["action"] == "key.refused")
    assert refused["details"] == {"reason": "lacks customers:read"}
    assert {row["origin"] for row in rows} == {"127.0.0.1"}


def test_unknown_keys_are_counted_by_where_they_come_from(app: RunningApp) -> None:
    with app.client("cn_unknown") as client:
        problem_in(client.get("/segments"), 401)
    (row,) = eventually(lambda: counted(app, action="key.unknown"), bool, "counts")
    assert (row["target"], row["actor"]) == ("127.0.0.1", "anybody")


@pytest.mark.parametrize("days", ["0", "-1", "4000"])
def test_an_expiry_that_cannot_be_makes_no_key(app: RunningApp, days: str) -> None:
    arguments = ("--name", new_key_name(), "--scopes", "segments:read", "--expires-in-days", days)
    done = app.command("key", "create", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--expires-in-days" in done.stderr


def test_an_expired_key_is_refused(app: RunningApp) -> None:
    with app.api(Scope.SEGMENTS_READ) as client:
        assert client.get("/segments").status_code == 200
        secret = client.headers["Authorization"].removeprefix("Bearer ")
        with app.services() as services:
            key = services.keys.find(secret)
            assert key
            over = {"expires_at": services.clock() - timedelta(seconds=1)}
            services.db.api_keys.update_one({"_id": key.id}, {"$set": over})
        refused: httpx.Response = eventually(lambda: client.get("/segments"), lambda got: got.status_code == 401)
        assert problem_in(refused, 401)["detail"].startswith("This API key expired at ")
