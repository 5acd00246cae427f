"""How data are brought forward: batch by batch from a mark, by one process at a time, whatever ends it meanwhile."""

import multiprocessing
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from crm_core.errors import Unavailable
from crm_core.infra.app_role import app_privileges
from crm_core.infra.clock import utc_now
from crm_core.infra.mongo import Db, Doc, connect, missing_indexes
from crm_core.settings import Settings
from crm_core.upgrades import runner
from crm_core.upgrades.lease import UpgradeStopped
from crm_core.upgrades.progress import UpgradeProgress
from crm_core.upgrades.runner import bring_forward
from crm_core.upgrades.upgrade import Upgrade, Walk
from crm_core.upgrades.version import VERSION_ID, find_version
from tests.old_data import OLD
from tests.waiting import eventually

CUSTOMERS = len(OLD["customers"])
START_S = 60.0
TITLE = "made up for a test"
LIMITED = "limited"


@pytest.fixture
def db(old: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Db]:
    """Old data, brought forward two documents at a time by an administrator."""
    monkeypatch.setattr(runner, "BATCH", 2)
    db = connect(str(old.mongodb_uri), old.mongodb_database)
    yield db
    db.client.close()


@pytest.fixture
def limited_db(db: Db, old: Settings) -> Iterator[Db]:
    """The same data as the app's own user sees them."""
    privileges = app_privileges(db.name)
    db.client.admin.command("createRole", LIMITED, privileges=privileges, roles=[])
    db.client.admin.command("createUser", LIMITED, pwd=LIMITED, roles=[LIMITED])
    address = str(old.mongodb_uri).partition("@")[2]
    with connect(f"mongodb://{LIMITED}:{LIMITED}@{address}", db.name).client as client:
        yield client[db.name]
    db.client.admin.command("dropUser", LIMITED)
    db.client.admin.command("dropRole", LIMITED)


def counting(before: Callable[[Db, Doc], None] = lambda db, ids: None) -> tuple[Upgrade, ...]:
    """Marks each customer, and counts how often."""

    def change(db: Db, ids: Doc) -> None:
        before(db, ids)
        db.customers.update_many(ids, {"$inc": {"times": 1}})

    return (Upgrade(TITLE, (Walk("customers", change),)),)


def bring_slowly(uri: str, database: str) -> None:
    """What a process does that others kill or wait for."""
    runner.BATCH = 1
    bring_forward(connect(uri, database), counting(lambda db, ids: time.sleep(0.2)), utc_now)


def start_slowly(settings: Settings) -> multiprocessing.process.BaseProcess:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=bring_slowly, args=(settings.mongodb_uri, settings.mongodb_database))
    process.start()
    return process


def end_leases(db: Db) -> None:
    """The time is over for which the last process had the right to go on."""
    db.workspace.update_one({"_id": VERSION_ID}, {"$set": {"lease.until": utc_now()}})


def times(db: Db) -> list[int]:
    return [row.get("times", 0) for row in db.customers.find().sort("_id")]


def stop_after(batches: int) -> Callable[[UpgradeProgress], None]:
    seen: list[int] = []

    def watch(progress: UpgradeProgress) -> None:
        seen.append(progress.done)
        if len(set(seen)) > batches:
            raise UpgradeStopped

    return watch


def test_each_document_is_visited_once_and_the_version_is_the_newest(db: Db) -> None:
    bring_forward(db, counting(), utc_now)
    assert times(db) == [1] * CUSTOMERS
    assert db.workspace.find_one({"_id": VERSION_ID}) == {"_id": VERSION_ID, "version": 1}


def test_a_stopped_upgrade_goes_on_at_once_where_it_was(db: Db) -> None:
    with pytest.raises(UpgradeStopped):
        bring_forward(db, counting(), utc_now, stop_after(batches=3))
    done = sum(times(db))
    assert done == 6 < CUSTOMERS
    bring_forward(db, counting(), utc_now)
    assert times(db) == [1] * CUSTOMERS


def test_a_killed_upgrade_goes_on_at_its_mark(db: Db, old: Settings) -> None:
    process = start_slowly(old)
    eventually(lambda: sum(times(db)), lambda count: count >= 3, what="three customers")
    process.kill()
    process.join()
    stored = find_version(db)
    assert stored
    mark = stored["mark"]
    assert 0 < mark["done"] < CUSTOMERS
    end_leases(db)
    ranges: list[Doc] = []
    bring_forward(db, counting(lambda db, ids: ranges.append(ids)), utc_now)
    assert ranges[0]["_id"]["$gt"] == mark["after"]
    assert all(times(db))
    assert sum(times(db)) <= CUSTOMERS + 1  # the batch in hand was not noted yet


def test_of_two_processes_one_does_the_work_and_the_other_waits(db: Db, old: Settings) -> None:
    processes = [start_slowly(old) for _ in range(2)]
    for process in processes:
        process.join(START_S)
    assert [process.exitcode for process in processes] == [0, 0]
    assert times(db) == [1] * CUSTOMERS


def test_who_waits_is_told_how_far_the_other_one_is(db: Db) -> None:
    lease = {"by": "another", "until": utc_now() + timedelta(seconds=7)}
    mark = {"walk": 0, "after": "c1", "done": 3, "total": 1_200}
    db.workspace.insert_one({"_id": VERSION_ID, "version": 1, "begun_at": 0, "lease": lease, "mark": mark})
    told: list[UpgradeProgress] = []

    def watch(progress: UpgradeProgress) -> None:
        told.append(progress)
        if len(told) == 2:
            raise UpgradeStopped

    with pytest.raises(UpgradeStopped):
        bring_forward(db, (*counting(), *counting()), utc_now, watch)
    (first, _) = told
    assert first.sentence == (
        "Your data are being brought forward to this version: step 2 of 3 (made up for a test), 3 of 1,200 customers."
    )
    assert first.fraction == pytest.approx((1 + 3 / 1_200) / 3)
    assert first.beat_at is not None
    assert timedelta() < utc_now() - first.beat_at < timedelta(minutes=2)


def test_a_sign_of_life_comes_also_in_the_middle_of_something_long(db: Db) -> None:
    told: list[UpgradeProgress] = []
    long_ones: list[Doc] = []

    def take_long(_: Db, ids: Doc) -> None:
        if not long_ones:
            long_ones.append(ids)
            before = len(told)
            eventually(lambda: len(told) > before, what="a sign of life")

    bring_forward(db, counting(take_long), utc_now, told.append)
    beats = [progress.beat_at for progress in told if progress.beat_at]
    assert beats == sorted(beats)
    assert times(db) == [1] * CUSTOMERS


def test_a_failure_is_kept_in_words_without_personal_data_and_tried_again_later(db: Db) -> None:
    def fail(_: Db, ids: Doc) -> None:
        if "$gt" in ids["_id"]:
            raise KeyError("asha@example.org")

    with pytest.raises(Unavailable, match=r"Step 1 of 2 .* failed with KeyError. Nothing is lost") as caught:
        bring_forward(db, counting(fail), utc_now)
    assert "asha" not in str(caught.value)
    stored = find_version(db)
    assert stored
    assert stored["failure"] in str(caught.value)
    assert stored["lease"]["until"] > utc_now() + timedelta(seconds=10)
    end_leases(db)
    told: list[UpgradeProgress] = []
    bring_forward(db, counting(), utc_now, told.append)
    assert (told[0].failure, told[-1].failure) == (stored["failure"], None)
    assert times(db) == [1] * CUSTOMERS


def test_a_process_that_was_overtaken_stands_back(db: Db) -> None:
    """Another one took the lease while this one was frozen, and has ended since."""
    overtaken: list[Doc] = []

    def be_overtaken(db: Db, ids: Doc) -> None:
        if not overtaken:
            overtaken.append(ids)
            lease = {"by": "another", "until": utc_now()}
            mark = {"walk": 0, "after": ids["_id"]["$lte"], "done": 2, "total": CUSTOMERS}
            db.workspace.update_one({"_id": VERSION_ID}, {"$set": {"lease": lease, "mark": mark}})

    bring_forward(db, counting(be_overtaken), utc_now)
    assert times(db) == [1] * CUSTOMERS


def test_a_missing_index_of_a_filled_collection_is_a_step_of_its_own(db: Db) -> None:
    bring_forward(db, (), utc_now)
    db.orders.drop_index("ordered_at_-1")
    told: list[UpgradeProgress] = []
    bring_forward(db, (), utc_now, told.append)
    assert not missing_indexes(db)
    assert re.search(r"step 1 of 1 \(indexes\), \d+ of \d+ collections", told[-1].sentence)
    bring_forward(db, (), utc_now, told.remove)  # nothing is left to be told


def test_an_index_of_another_form_is_told_not_kept(db: Db) -> None:
    bring_forward(db, (), utc_now)
    db.jobs.drop_index("expires_at_1")
    db.jobs.create_index("expires_at", expireAfterSeconds=5)
    with pytest.raises(Unavailable, match="failed with IndexOptionsConflict"):
        bring_forward(db, (), utc_now)


def test_a_user_who_may_not_change_everything_leaves_it_to_another(db: Db, limited_db: Db) -> None:
    told: list[UpgradeProgress] = []

    def watch(progress: UpgradeProgress) -> None:
        told.append(progress)
        if len(told) == 1:
            bring_forward(db, counting(), utc_now)

    bring_forward(limited_db, counting(), utc_now, watch)
    assert [progress.failure for progress in told] == [None]
    assert times(db) == [1] * CUSTOMERS


def test_a_user_who_may_not_change_everything_says_so_when_nobody_does(
    limited_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LONELY_S", 0)

    def watch(progress: UpgradeProgress) -> None:
        assert progress.failure
        assert "the user in CRM_MONGODB_URI may not" in progress.failure
        raise UpgradeStopped

    with pytest.raises(UpgradeStopped):
        bring_forward(limited_db, counting(), utc_now, watch)
