"""A known API key works on while the database is away, however old what is known of it is."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pymongo.errors import AutoReconnect

from crm_core.access import keys as module
from crm_core.access.keys import CACHE_S, ApiKeys, RateLimit
from crm_core.errors import Unavailable

ROW = {"_id": "k1", "name": "shop", "scopes": ["ingest:write"], "rate": {"per_second": 3, "burst": 9}}


class Stored:
    """The collection of keys: one is in it until it is taken out, and the database can be away."""

    def __init__(self) -> None:
        self.row: dict[str, Any] | None = ROW
        self.is_away = False
        self.asked = 0

    def find_one(self, _: Any) -> dict[str, Any] | None:
        self.asked += 1
        if self.is_away:
            raise AutoReconnect("gone")
        return self.row


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """now: what the monotonic clock says."""
    made = SimpleNamespace(now=100.0)
    made.monotonic = lambda: made.now
    monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def keys(stored: Stored, time: SimpleNamespace) -> ApiKeys:
    made: Any = ApiKeys
    return cast("ApiKeys", made(SimpleNamespace(api_keys=stored), None, None))


def test_a_known_key_works_while_the_database_is_away_and_the_cache_has_expired(
    keys: ApiKeys, stored: Stored, time: SimpleNamespace
) -> None:
    known = keys.find("secret")
    assert known
    stored.is_away = True
    time.now += 3600
    assert keys.cached("secret") == (False, None)
    assert keys.find("secret") == known
    time.now += 3600
    assert keys.find("secret") == known


def test_a_key_that_is_not_known_has_to_wait_for_the_database(keys: ApiKeys, stored: Stored) -> None:
    stored.is_away = True
    with pytest.raises(Unavailable):
        keys.find("secret")


def test_a_secret_that_was_refused_is_not_known(keys: ApiKeys, stored: Stored, time: SimpleNamespace) -> None:
    stored.row = None
    assert keys.find("secret") is None
    stored.is_away = True
    time.now += CACHE_S + 1
    with pytest.raises(Unavailable):
        keys.find("secret")


def test_an_answer_is_asked_for_again_after_five_seconds_and_not_before(
    keys: ApiKeys, stored: Stored, time: SimpleNamespace
) -> None:
    keys.find("secret")
    time.now += CACHE_S
    keys.find("secret")
    assert stored.asked == 1
    stored.row = None
    time.now += 0.01
    assert keys.find("secret") is None
    assert (stored.asked, keys.cached("secret")) == (2, (True, None))


def test_what_the_database_says_again_is_as_fresh_as_the_first_time(
    keys: ApiKeys, stored: Stored, time: SimpleNamespace
) -> None:
    keys.find("secret")
    time.now += CACHE_S + 1
    keys.find("secret")
    time.now += CACHE_S
    keys.find("secret")
    assert stored.asked == 2


def test_a_key_has_the_rate_and_the_scopes_that_are_stored(keys: ApiKeys, stored: Stored) -> None:
    found = keys.find("secret")
    assert found
    assert (found.id, found.name, found.rate, set(found.scopes)) == ("k1", "shop", RateLimit(3, 9), {"ingest:write"})
    stored.row = {name: value for name, value in ROW.items() if name != "rate"}
    plain = keys.find("another")
    assert plain
    assert plain.rate is None
