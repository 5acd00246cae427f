"""Files of exports, as a browser takes them: piece by piece, for whoever may export, and nobody else."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from crm_core.access.permissions import Role
from crm_core.rules.tree import EVERYONE
from tests.actors import ASHA
from tests.front_door.browser import Browser, signed_in
from tests.integration.exporting import rows_of
from tests.running_app import RunningApp
from tests.waiting import eventually

NAME = "Zürich, „loyal“"


@pytest.fixture(scope="module")
def export_id(app: RunningApp) -> str:
    """Written by the app's own worker."""
    with app.services() as services:
        services.db.customers.insert_many({"_id": f"export-{number}", "name": f"Bär {number}"} for number in range(3))
        job = services.exports.start_rule(EVERYONE, NAME, actor=ASHA)
        eventually(lambda: services.db.jobs.find_one({"_id": job["_id"], "state": "done"}), what="the export")
        return job["_id"]


@pytest.fixture
def reader(app: RunningApp) -> Iterator[httpx.Client]:
    with closing(signed_in(app)) as client:
        yield client


def test_the_file_has_a_name_its_size_and_is_kept_nowhere(reader: httpx.Client, export_id: str) -> None:
    answer = reader.get(f"/exports/{export_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; filename=\"customers.csv\"; filename*=UTF-8''z%C3%BCrich-loyal-")
    assert int(answer.headers["content-length"]) == len(answer.content)
    names = {row["id"]: row["name"] for row in rows_of(answer.text)}
    assert names["export-2"] == "Bär 2"


def test_who_took_it_from_where_is_in_the_audit_log(reader: httpx.Client, app: RunningApp, export_id: str) -> None:
    reader.get(f"/exports/{export_id}")
    with app.services() as services:
        entry = services.audit.latest("export.download", limit=1)[0]
    assert (entry["actor"], entry["target"], entry["origin"]) == ("local admin", export_id, "127.0.0.1")
    assert entry["details"]["customers"] >= 3


def test_nobody_else_gets_it(app: RunningApp, export_id: str) -> None:
    browser = Browser(app)
    answer = browser.http.get(f"/exports/{export_id}")
    assert (answer.status_code, answer.text) == (401, "Sign in to ClientNest first.")
    with app.services() as services:
        viewer = services.users.invite("viewer-of-exports@example.com", Role.VIEWER, actor=ASHA)
    browser.sign_in(viewer.id)
    answer = browser.http.get(f"/exports/{export_id}")
    assert answer.status_code == 403
    assert answer.text.endswith("is a viewer; to export customers takes the role analyst or marketer or admin.")


def test_what_is_not_there_is_said_in_words(reader: httpx.Client, app: RunningApp, export_id: str) -> None:
    for path in ("/exports/none", "/exports/", f"/exports/{export_id}/x"):
        answer = reader.get(path)
        assert answer.status_code == 404, path
        assert answer.text.startswith("There is no export with the id")
    with app.services() as services:
        cancelled = services.exports.start_rule(EVERYONE, NAME, actor=ASHA)["_id"]
        services.db.jobs.update_one({"_id": cancelled}, {"$set": {"state": "cancelled"}})
    answer = reader.get(f"/exports/{cancelled}")
    assert (answer.status_code, answer.text) == (409, "This export is cancelled; there is a file once it is done.")


def test_a_file_is_only_read(reader: httpx.Client, export_id: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        answer = reader.request(method, f"/exports/{export_id}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
