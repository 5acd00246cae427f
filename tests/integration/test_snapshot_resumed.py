"""A snapshot whose change stream broke goes on where it was, or reads all again when that place is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from crm_core.audience.snapshot import keeper as module
from crm_core.audience.snapshot.changes import Changed, Changes, ColumnsOutdated, Followed, TokenLost, watch
from crm_core.audience.snapshot.keeper import Keeper, State, Status
from crm_core.errors import Unavailable
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import store_customers
from tests.integration.kept import note_loads

READY_S = 20.0
FORGOTTEN = {
    "_data": "8200000001000000192B022C0100296E5A1004EB52882071CA4F759A0A1BEF46232834463C5F6964003C62626262000004"
}
"""The place of a change, one second after 1970, that the database never saw. A place between two changes would do for
it, however old: a server whose log begins with its own first moment lacks nothing."""


class BreakableWatch:
    """Breaks the stream once, when it is told what happens meanwhile. lost: whether its place is forgotten then."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] | None = None
        self.lost = False
        self.places: list[Any] = []

    @contextmanager
    def __call__(self, db: Any, place: Any = None, **followed: Any) -> Iterator[Any]:
        self.places.append(place)
        with watch(db, FORGOTTEN if place and self.lost else place, **followed) as changes:
            yield _Breakable(changes, self)


class _Breakable:
    def __init__(self, changes: Changes, watching: BreakableWatch) -> None:
        self._changes, self._watching = changes, watching

    @property
    def place(self) -> Any:
        return self._changes.place

    def read(self) -> Changed:
        if happens := self._watching.meanwhile:
            self._watching.meanwhile = None
            happens()
            raise Unavailable("The database does not answer.")
        return self._changes.read()


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch) -> BreakableWatch:
    made = BreakableWatch()
    monkeypatch.setattr(module, "watch", made)
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    return made


@pytest.fixture
def keeper(services: Services, watching: BreakableWatch) -> Iterator[Keeper]:
    """Ready, with one customer."""
    store_customers(services, {"id": "a", "visits": 2})
    made = Keeper(services.db, services.rule_contexts, lambda: services.policy, services.clock, limit_mb=100)
    made.start()
    made.wait_until(lambda state: state.status is Status.READY, READY_S)
    yield made
    made.stop()


def total(state: State) -> int:
    return state.version.total if state.version else -1


def break_while(watching: BreakableWatch, keeper: Keeper, happens: Callable[[], object]) -> State:
    """The state once all that happened is in it."""
    watching.meanwhile = happens
    return keeper.wait_until(lambda state: state.status is Status.READY and total(state) != 1, READY_S)


def test_a_change_stream_taken_up_again_sees_what_changed_meanwhile(services: Services) -> None:
    store_customers(services, {"id": "a", "visits": 2})
    with watch(services.db, messages=Followed.NONE) as first:
        store_customers(services, {"id": "b", "visits": 2})
        assert first.read() == Changed({"b"})
        place = first.place
    store_customers(services, {"id": "c", "visits": 2}, {"id": "d", "visits": 2})
    with watch(services.db, place, messages=Followed.NONE) as second:
        assert second.read() == Changed({"c", "d"})
    with watch(services.db, messages=Followed.NONE) as new:
        assert new.read() == Changed()


def test_a_snapshot_resumes_its_broken_stream_with_what_changed_meanwhile(
    services: Services, watching: BreakableWatch, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = note_loads(monkeypatch)
    state = break_while(watching, keeper, lambda: store_customers(services, {"id": "b", "visits": 2}))
    assert total(state) == 2
    assert loads == []
    assert [place is None for place in watching.places] == [True, False]


def test_when_its_place_in_the_stream_is_lost_all_is_read_again(
    services: Services, watching: BreakableWatch, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = note_loads(monkeypatch)
    watching.lost = True
    state = break_while(watching, keeper, lambda: store_customers(services, {"id": "b", "visits": 2}))
    assert total(state) == 2
    assert loads == [1]
    assert [place is None for place in watching.places] == [True, False, True]


def test_a_place_that_the_database_has_forgotten_is_told(services: Services) -> None:
    with pytest.raises(TokenLost), watch(services.db, FORGOTTEN, messages=Followed.NONE) as changes:
        changes.read()


def test_a_changed_suppression_names_its_customer_and_other_changes_name_nobody(
    services: Services,
) -> None:
    store_customers(services, {"id": "a:b", "visits": 2})
    with watch(services.db, messages=Followed.NONE) as changes:
        services.suppressions.add("a:b", "sms", reason="manual", actor=TEST)
        assert changes.read() == Changed({"a:b"})
        services.db.segments.insert_one({"_id": "s"})
        services.db.messages.insert_one({"_id": "m:a:b", "customer_id": "a:b"})
        services.db.messages.update_one({"_id": "m:a:b"}, {"$set": {"sent_at": services.clock()}})
        assert changes.read() == Changed(), "without a cap nobody asks when messages were sent"


def test_a_new_attribute_or_a_dropped_collection_has_all_read_again(services: Services) -> None:
    store_customers(services, {"id": "a", "visits": 2})
    with watch(services.db, messages=Followed.NONE) as changes:
        services.db.attributes.insert_one({"_id": "size"})
        with pytest.raises(ColumnsOutdated):
            changes.read()
    with watch(services.db, messages=Followed.NONE) as changes:
        services.db.customers.drop()
        with pytest.raises(ColumnsOutdated):
            changes.read()
