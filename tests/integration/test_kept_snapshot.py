"""The snapshot that the last process has kept: the next one goes on from it, or loads anew when there is any doubt."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bson
import pytest

from crm_core.audience.preview import Preview, Source
from crm_core.audience.snapshot.disk import disk_copy
from crm_core.audience.snapshot.disk.files import read_arrays, read_head, write_file
from crm_core.audience.snapshot.disk.resuming import Resuming
from crm_core.audience.snapshot.keeper import Status
from crm_core.audience.snapshot.needs import Extra
from crm_core.campaigns.messages.rows import new_row
from crm_core.infra.mongo import Db
from crm_core.infra.streams import Stream
from crm_core.insights.registry import QUESTIONS
from crm_core.rules.text.parsing import parse_text
from crm_core.schema.message_states import MessageState
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.feeding import make_entry, store_customers, store_orders
from tests.integration.kept import READY_S, Apps, note_loads
from tests.integration.test_snapshot_resumed import FORGOTTEN
from tests.waiting import eventually
from tests.workspace import set_workspace

RULES = (
    "visits >= 2",
    'city = "Pune" OR tags has any ("new")',
    'orders(category = "Books") >= 1',
    "can be messaged over sms",
    "is suppressed on email for complaint",
    "messages(opened) >= 1",
    'orders(item contains "lamp") >= 1',
)
SHARED = "one@shop.example"


@pytest.fixture
def apps(services: Services, servers: Settings, clock: TestClock, tmp_path: Path) -> Apps:
    """``services`` is another process, which stores while no app runs."""
    return Apps(servers.with_servers(mongodb_database=services.db.name, data_dir=tmp_path), clock)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    return note_loads(monkeypatch)


def fill(services: Services) -> None:
    """Customers with something of everything; all that a rule may ask for is in memory then."""
    people: list[dict[str, Any]] = [
        {"id": f"c{n}", "visits": n, "city": "Pune" if n % 2 else "Oslo", "phone": f"+91987650000{n}"} for n in range(8)
    ]
    people += [{"id": f"s{n}", "email": SHARED, "tags": ["old"]} for n in range(2)]
    store_customers(services, *people)
    lamp = {"items": [{"name": "Lamp 3"}], "category": "Books"}
    store_orders(services, *({"id": f"o{n}", "customer_id": f"c{n % 5}", "amount": n + 1, **lamp} for n in range(9)))
    services.suppressions.add("c1", "email", reason="complaint", actor=TEST)
    store_message(services, "c2", MessageState.OPENED)
    for text in RULES:
        eventually(lambda text=text: look(services, text).source is Source.MEMORY, what=text)  # type: ignore[misc]


def store_message(services: Services, customer: str, state: MessageState) -> None:
    services.message_log.insert([new_row("m1", customer, channel="email", at=services.clock(), state=state)])


def change_all(services: Services) -> None:
    """What may happen while the app is down."""
    entry = make_entry(Stream.CUSTOMERS, {"id": "c1", "visits": 1, "city": "Oslo"}, at=services.clock())
    services.persister.store([entry])
    store_customers(services, {"id": "n1", "visits": 5, "tags": ["new"], "email": SHARED})
    store_orders(services, {"id": "late", "customer_id": "c7", "amount": 5, "category": "Books"})
    store_message(services, "c3", MessageState.OPENED)
    services.suppressions.add("c4", "email", reason="complaint", actor=TEST)
    services.suppressions.lift("c1", "email", actor=TEST)
    erase(services.db, "c5")


def erase(db: Db, name: str) -> None:
    db.customers.delete_one({"_id": name})
    db.orders.delete_many({"customer_id": name})


def look(services: Services, text: str) -> Preview:
    """As of all that was stored; the snapshot and the database must agree."""
    rule = parse_text(text, services.rule_contexts.context())
    found = services.previews.preview(rule, is_fresh=True, actor=TEST)
    stored = services.audience.preview(rule)
    assert (found.count, found.total) == (stored.count, stored.total), text
    return found


def test_what_changed_while_the_app_was_down_is_counted_without_loading(
    services: Services, apps: Apps, loads: list[int]
) -> None:
    with apps.started() as app:
        fill(app)
        counts = [look(app, text).count for text in RULES]
    change_all(services)
    loads.clear()
    with apps.started() as app:
        state = app.snapshot.state
        assert state.version
        assert state.version.total == app.db.customers.count_documents({}), "nothing is shown before that"
        found = [look(app, text) for text in RULES]
        assert {each.source for each in found} == {Source.MEMORY}
        assert [each.count for each in found] != counts
        assert loads == []
        store_customers(app, {"id": "later", "visits": 9})
        assert look(app, RULES[0]).source is Source.MEMORY
    with apps.started() as app:
        assert [look(app, text).source for text in RULES] == [Source.MEMORY] * len(RULES)
        assert loads == []


def test_a_new_attribute_while_the_app_was_down_has_all_loaded_anew(
    services: Services, apps: Apps, loads: list[int]
) -> None:
    with apps.started() as app:
        store_customers(app, {"id": "a", "visits": 2})
    store_customers(services, {"id": "b", "attributes": {"size": 5}})
    loads.clear()
    with apps.started() as app:
        assert loads == [1]
        assert look(app, "size > 4").source is Source.MEMORY
        assert look(app, "size > 4").count == 1


def test_a_cap_that_was_set_while_the_app_was_down_has_all_loaded_anew(
    services: Services, apps: Apps, loads: list[int]
) -> None:
    with apps.started() as app:
        store_customers(app, {"id": "a", "visits": 2})
    set_workspace(services, frequency_cap=1)
    loads.clear()
    with apps.started() as app:
        assert look(app, RULES[0]).deliverable is not None
        assert loads == [1]


def test_an_upgrade_that_changed_the_data_has_all_loaded_anew(apps: Apps, loads: list[int]) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 2})
    loads.clear()
    newer = build_services(apps.settings)
    newer.snapshot.start(newer.open_snapshot_copy(len(STEPS) + 1))
    newer.snapshot.wait_until(lambda state: state.status is Status.READY, READY_S)
    newer.close()
    assert loads == [1]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def empty_out(file: Path) -> None:
    file.write_bytes(b"")


def change_array(file: Path) -> None:
    with file.open("rb", buffering=0) as opened:
        rows = read_head(opened)["arrays"]
    start = next(start for _, size, start, _ in rows if size)
    change_byte(file, start)


def change_description(file: Path) -> None:
    change_byte(file, len(file.read_bytes()) - 200)


def change_byte(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)


def open_to_others(file: Path) -> None:
    file.chmod(0o640)


def link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to(file.with_name("elsewhere"))


def give_away(file: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    os.chown(file, 12345, 12345)


def rewritten(**changed: Any) -> Callable[[Path], None]:
    """With right sums, and something else in its description."""

    def rewrite(file: Path) -> None:
        with file.open("rb", buffering=0) as opened:
            head = read_head(opened)
            arrays = read_arrays(opened, head)
        origin = {name: value for name, value in changed.items() if name in head["origin"]}
        with file.open("wb") as opened:
            write_file(opened, {**head, **changed, "origin": head["origin"] | origin}, arrays)

    return rewrite


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut off": cut,
    "empty": empty_out,
    "another byte in a column": change_array,
    "another byte in the description": change_description,
    "open to others": open_to_others,
    "a link": link,
    "of somebody else": give_away,
    "of another program": rewritten(program="0" * 32),
    "of another database": rewritten(database="other"),
    "of other keys": rewritten(hashes="0" * 16),
    "of other columns": rewritten(layout="()"),
    "of a place that the log has no more": rewritten(place=bson.encode(FORGOTTEN).hex()),
    "without messages that a cap counts": rewritten(sends=True),
    "of an unknown kind": rewritten(shard=["Unknown", {}]),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_when_there_is_any_doubt_all_is_loaded_anew(
    apps: Apps, loads: list[int], damage: Callable[[Path], None]
) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 2}, {"id": "b", "visits": 1})
    damage(apps.file)
    loads.clear()
    with apps.started() as services:
        found = look(services, RULES[0])
        assert (found.source, found.count, found.total) == (Source.MEMORY, 1, 2)
        assert loads == [1]
    with apps.started():
        assert loads == [1], "it was written anew"


def test_a_process_that_does_not_catch_up_loads_anew(
    apps: Apps, loads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 2})
    monkeypatch.setattr(Resuming, "is_done", lambda resuming, found: False)
    monkeypatch.setattr("crm_core.audience.snapshot.disk.resuming.PATIENCE_S", 0.2)
    loads.clear()
    with apps.started() as services:
        assert loads == [1]
        assert look(services, RULES[0]).count == 1


def test_with_many_changes_loading_anew_is_sooner_done(
    services: Services, apps: Apps, loads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_core.audience.snapshot.disk.resuming.MIN_CHANGED", 2)
    with apps.started() as app:
        store_customers(app, {"id": "a", "visits": 2})
    store_customers(services, *({"id": f"b{n}", "visits": 2} for n in range(3)))
    loads.clear()
    with apps.started() as app:
        assert loads == [1]
        assert look(app, RULES[0]).count == 4


def test_messages_and_items_are_there_at_once_when_they_were_before(apps: Apps) -> None:
    with apps.started() as services:
        fill(services)
    with apps.started() as services:
        version = services.snapshot.state.version
        assert version
        columns = version.parts[0].shard.columns
        assert columns.messages is not None
        assert columns.orders.items is not None
        assert services.snapshot.want({Extra.MESSAGES, Extra.ITEMS})


def test_figures_are_the_same_after_a_start(apps: Apps) -> None:
    def figures(services: Services) -> dict[str, Any]:
        return {name: services.insights.ask(name, {}, actor=TEST, is_fresh=True).rows for name in QUESTIONS}

    with apps.started() as services:
        fill(services)
        before = figures(services)
    with apps.started() as services:
        assert figures(services) == before


def test_who_is_erased_is_gone_from_the_disk_at_once_and_from_later_copies(
    apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "person-1", "city": "Erewhon"}, {"id": "person-2", "city": "Oslo"})
    assert b"person-1" in apps.file.read_bytes()
    assert b"erewhon" in apps.file.read_bytes()
    with apps.started() as services:
        erase(services.db, "person-1")
        eventually(lambda: not apps.file.exists(), what="the file is removed")
    data = apps.file.read_bytes()
    assert b"person-2" in data
    assert b"oslo" in data
    assert b"person-1" not in data
    assert b"erewhon" not in data


def test_who_is_erased_while_a_copy_is_written_is_not_in_it(
    services: Services, apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_writing, may_go_on = threading.Event(), threading.Event()

    def hold(*arguments: Any) -> None:
        is_writing.set()
        may_go_on.wait(READY_S)
        write_file(*arguments)

    store_customers(services, {"id": "person-1"}, {"id": "person-2"})
    monkeypatch.setattr(disk_copy, "write_file", hold)
    with apps.started() as app:
        assert is_writing.wait(READY_S)
        erase(app.db, "person-1")
        assert look(app, "everyone").total == 1, "whoever counts does not wait for the disk"
        may_go_on.set()
        eventually(lambda: not (apps.file.parent / "columns.new").exists(), what="the draft is gone")
        assert not apps.file.exists()
    assert b"person-1" not in apps.file.read_bytes()


def test_two_processes_use_one_folder(apps: Apps, loads: list[int]) -> None:
    with apps.started() as first:
        store_customers(first, {"id": "a", "visits": 2})
        eventually(lambda: apps.file.exists())
        loads.clear()
        with apps.started() as second:
            assert loads == []
            store_customers(second, {"id": "b", "visits": 2})
            assert [look(each, RULES[0]).count for each in (first, second)] == [2, 2]
    with apps.started() as services:
        assert look(services, RULES[0]).count == 2
        assert loads == []


def test_the_copy_is_for_its_owner_alone(apps: Apps) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 2})
    files = [path for path in apps.file.parent.rglob("*") if path.is_file()]
    assert apps.file in files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert apps.file.parent.stat().st_mode & 0o777 == 0o700


def test_without_a_folder_all_is_loaded_at_each_start(apps: Apps, loads: list[int]) -> None:
    apps.file.parent.write_text("in the way")
    for _ in range(2):
        with apps.started() as services:
            store_customers(services, {"id": "a", "visits": 2})
            assert look(services, RULES[0]).source is Source.MEMORY
    assert loads == [1, 1]


def test_a_full_disk_leaves_the_older_copy(apps: Apps, loads: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 2})
    before = apps.file.read_bytes()
    monkeypatch.setattr("crm_core.audience.snapshot.disk.folder.SPARE_BYTES", 10**18)
    loads.clear()
    with apps.started() as services:
        store_customers(services, {"id": "b", "visits": 2})
        assert look(services, RULES[0]).count == 2
    assert apps.file.read_bytes() == before
    with apps.started() as services:
        assert look(services, RULES[0]).count == 2
    assert loads == []


def test_a_setting_keeps_nothing_and_removes_what_was_kept(apps: Apps) -> None:
    with apps.started() as services:
        store_customers(services, {"id": "a", "visits": 2})
    assert apps.file.exists()
    with apps.started(snapshot_on_disk=False):
        assert not apps.file.exists()
    assert not apps.file.exists()
