"""``kill -9`` of the app in the middle of bringing old data forward, and what it says and does meanwhile."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError

from crm_core.hosting.platform import open_platform
from crm_core.infra.clock import utc_now
from crm_core.infra.heartbeat import read_workers
from crm_core.infra.mongo import Db, Doc, connect
from crm_core.infra.streams import connect_redis
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import VERSION_ID, find_version
from tests import plain_http
from tests.databases import as_administrator
from tests.doctor import ask_doctor
from tests.faults.site import Site
from tests.old_data import OLD, store_old_data
from tests.running_app import RunningApp
from tests.waiting import eventually

MORE = 6_000
WORDS_STEP = 7
"""The version before search words of customers."""
FIRST, HELD = "more0000000", "more0005000"


@contextmanager
def database(app: RunningApp) -> Iterator[Db]:
    settings = as_administrator(app.settings)
    db = connect(str(settings.mongodb_uri), settings.mongodb_database)
    with db.client:
        yield db


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """With old data in its folder."""
    with open_platform(Settings(data_dir=tmp_path, mongodb_cache_gb=0.25), workers=False) as ready:
        uri, name = str(as_administrator(ready).mongodb_uri), ready.mongodb_database
        with connect(uri, name).client as client:
            db = client[name]
            store_old_data(db, customers=MORE)
            db.workspace.replace_one({"_id": VERSION_ID}, {"version": 0, "lease": lease(minutes=10)}, upsert=True)
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


def lease(**length: float) -> Doc:
    return {"by": "the test", "until": utc_now() + timedelta(**length)}


@contextmanager
def held_in_the_middle(db: Db) -> Iterator[None]:
    """A transaction that has written a customer makes everybody else wait who wants to; its server may end with it."""
    with contextlib.suppress(PyMongoError), db.client.start_session() as session, session.start_transaction():
        db.customers.update_one({"_id": HELD}, {"$set": {"held": True}}, session=session)
        db.workspace.update_one({"_id": VERSION_ID}, {"$set": {"lease": lease(seconds=0)}})
        eventually(lambda: is_in_the_middle(db), what="the middle of the upgrade")
        yield


def is_in_the_middle(db: Db) -> bool:
    stored = find_version(db)
    return stored is not None and stored["version"] == WORDS_STEP and stored.get("mark", {}).get("done", 0) > 0


def test_a_killed_upgrade_says_what_it_does_and_goes_on_where_it_was(site: Site) -> None:
    app = site.app
    with database(app) as db, held_in_the_middle(db):
        check_says_so(app)
        stored = find_version(db)
        assert stored
        assert (stored["version"], stored["mark"]["done"]) == (WORDS_STEP, 4_000)
        db.customers.update_one({"_id": FIRST}, {"$unset": {"folded.search": ""}})
        app.kill()
    with database(site.app) as db:
        eventually(lambda: is_ready(site.app), what="readiness")
        assert db.workspace.find_one({"_id": VERSION_ID}) == {"_id": VERSION_ID, "version": len(STEPS)}
        without_words = [row["_id"] for row in db.customers.find({"folded.search": {"$exists": False}})]
        assert without_words == [FIRST]  # behind the mark: nobody looked there again
        assert db.customers.estimated_document_count() == MORE + len(OLD["customers"])


def check_says_so(app: RunningApp) -> None:
    assert plain_http.get(f"{app.url}/api/healthz").json() == {"status": "ok"}
    for answer in (
        plain_http.get(f"{app.url}/api/readyz"),
        plain_http.post(f"{app.url}/api/v1/orders", json=[]),
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10"), answer.text
        assert "Your data are being brought forward to this version: step " in answer.json()["detail"]
    eventually(lambda: has_waiting_worker(app), what="a worker that waits")
    found = ask_doctor(app.data_dir)
    assert (found.status("app"), found.status("data")) == ("warning", "warning")
    assert "brought forward" in found.words("data")


def has_waiting_worker(app: RunningApp) -> bool:
    assert app.runtime.redis_url
    with connect_redis(app.runtime.redis_url) as client:
        return any(worker.state == "waiting" for worker in read_workers(client, utc_now()))


def is_ready(app: RunningApp) -> bool:
    return plain_http.get(f"{app.url}/api/readyz").status_code == 200
