"""A known API key works on while the database is away, for a bounded time and never after its revocation was seen."""

import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pymongo.errors import AutoReconnect

from crm_core.access.api_key import ApiKey, RateLimit
from crm_core.access.key_cache import FRESH_S, OUTAGE_S, READING_S, KeyCache
from crm_core.access.keys import OPERATOR, ApiKeys
from crm_core.errors import Unavailable

AT = datetime(2026, 6, 15, tzinfo=UTC)
ROW = {
    "_id": "k1",
    "name": "shop",
    "scopes": ["ingest:write"],
    "owner": "operator",
    "created_at": AT,
    "created_by": "command line",
    "rate": {"per_second": 3, "burst": 9},
}
REVOKED = {**ROW, "revoked_at": AT, "revoked_by": "asha"}


class Stored:
    """The collection of keys: one is in it until it is taken out, and the database can be away."""

    def __init__(self) -> None:
        self.row: dict[str, Any] | None = ROW
        self.is_away = False
        self.asked = 0

    @property
    def api_keys(self) -> "Stored":
        return self

    def find_one(self, *_: Any, **__: Any) -> dict[str, Any] | None:
        self.asked += 1
        if self.is_away:
            raise AutoReconnect("gone")
        return self.row


class Timer:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stored() -> Stored:
    return Stored()


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def keys(stored: Stored, timer: Timer) -> ApiKeys:
    made: Any = ApiKeys
    return cast("ApiKeys", made(stored, None, None, find_owner=lambda _: None, cache=KeyCache(timer)))


def ask(keys: ApiKeys) -> ApiKey | None:
    """For the key as a request does."""
    is_known, key = keys.cached("secret")
    return key if is_known else keys.find("secret")


def test_a_known_key_works_through_an_outage_for_five_minutes(keys: ApiKeys, stored: Stored, timer: Timer) -> None:
    known = keys.find("secret")
    assert known
    stored.is_away = True
    timer.now += OUTAGE_S / 2
    assert keys.cached("secret") == (False, None)
    assert keys.find("secret") == known
    timer.now += OUTAGE_S / 2
    assert keys.find("secret") == known
    timer.now += FRESH_S + 0.01
    with pytest.raises(Unavailable):
        keys.find("secret")


def test_an_outage_that_ends_counts_anew(keys: ApiKeys, stored: Stored, timer: Timer) -> None:
    known = keys.find("secret")
    for _ in range(3):
        stored.is_away = True
        timer.now += OUTAGE_S
        assert keys.find("secret") == known
        stored.is_away = False
        timer.now += FRESH_S + 0.01
        assert keys.find("secret") == known


def test_a_revocation_that_was_seen_holds_through_an_outage(keys: ApiKeys, stored: Stored, timer: Timer) -> None:
    keys.find("secret")
    stored.row = REVOKED
    timer.now += FRESH_S + 0.01
    seen = keys.find("secret")
    assert seen
    assert seen.fault(AT) == "was revoked"
    stored.is_away = True
    timer.now += FRESH_S + 0.01
    again = keys.find("secret")
    assert again
    assert again.fault(AT) == "was revoked"


def test_an_older_answer_does_not_undo_a_revocation(timer: Timer, keys: ApiKeys) -> None:
    good = keys.find("secret")
    assert good
    cache = KeyCache(timer)
    cache.put("digest", replace(good, revoked_at=AT))
    held = cache.put("digest", good)
    assert held
    assert held.revoked_at == AT


def test_a_key_that_this_process_revokes_stops_at_once(timer: Timer, keys: ApiKeys) -> None:
    good = keys.find("secret")
    assert good
    cache = KeyCache(timer)
    cache.put("digest", good)
    cache.replace(replace(good, revoked_at=AT))
    is_known, key = cache.claim("digest")
    assert is_known
    assert key
    assert key.revoked_at == AT


def test_a_key_that_is_not_known_has_to_wait_for_the_database(keys: ApiKeys, stored: Stored) -> None:
    stored.is_away = True
    with pytest.raises(Unavailable):
        keys.find("secret")


def test_a_secret_that_was_refused_is_not_known(keys: ApiKeys, stored: Stored, timer: Timer) -> None:
    stored.row = None
    assert keys.find("secret") is None
    assert keys.cached("secret") == (True, None)
    stored.is_away = True
    timer.now += FRESH_S + 0.01
    with pytest.raises(Unavailable):
        keys.find("secret")


def test_an_answer_is_asked_for_again_after_a_second_and_not_before(
    keys: ApiKeys, stored: Stored, timer: Timer
) -> None:
    ask(keys)
    timer.now += FRESH_S
    ask(keys)
    assert stored.asked == 1
    stored.row = None
    timer.now += 0.01
    assert ask(keys) is None
    assert (stored.asked, keys.cached("secret")) == (2, (True, None))


def test_while_one_caller_reads_the_others_go_on(timer: Timer, keys: ApiKeys) -> None:
    good = keys.find("secret")
    cache = KeyCache(timer)
    cache.put("digest", good)
    timer.now += FRESH_S + 0.01
    assert cache.claim("digest") == (False, None), "the first reads"
    assert cache.claim("digest") == (True, good)
    timer.now += READING_S
    assert cache.claim("digest") == (False, None), "it takes too long"


def test_guesses_do_not_push_out_a_known_key(keys: ApiKeys, stored: Stored, timer: Timer) -> None:
    known = keys.find("secret")
    stored.row = None
    for number in range(1_100):
        keys.find(f"guess {number}")
    assert keys.cached("secret") == (True, known)
    remembered = sum(keys.cached(f"guess {number}")[0] for number in range(1_100))
    assert 0 < remembered <= 1_000


def test_many_threads_read_a_stale_key_once(keys: ApiKeys, stored: Stored, timer: Timer) -> None:
    keys.find("secret")
    timer.now += FRESH_S + 0.01
    threads = [threading.Thread(target=ask, args=(keys,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored.asked == 2


def test_a_key_has_the_rate_and_the_scopes_that_are_stored(keys: ApiKeys, stored: Stored) -> None:
    found = keys.find("secret")
    assert found
    assert (found.id, found.name, found.rate, set(found.scopes)) == ("k1", "shop", RateLimit(3, 9), {"ingest:write"})
    assert (found.owner, found.created_by) == (OPERATOR, "command line")
    stored.row = {name: value for name, value in ROW.items() if name != "rate"}
    plain = keys.find("another")
    assert plain
    assert plain.rate is None
