"""Rows change only as they were found: another entry's claim and what a receipt has told are left alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.pending import PendingRows
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.sending.batches import DeliveryBatch
from crm_core.campaigns.sending.claims import Claims
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState as State
from crm_core.services import Services

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MINE, OTHER = "1-0", "2-0"


def insert(services: Services, name: str, state: State = State.PENDING, **more: Any) -> str:
    row = new_row("m", name, channel="in_app", at=NOON) | {"rank": state.rank, **more}
    services.db.messages.insert_one(row)
    return str(row["_id"])


def read(services: Services, row: str) -> Doc:
    found = services.db.messages.find_one({"_id": row})
    assert found
    return found


def rows_that_move(services: Services, move: Callable[[], object]) -> PendingRows:
    """Between what is read and what is written, ``move`` happens."""
    messages = services.db.messages

    def update_many(*args: Any, **more: Any) -> Any:
        move()
        return messages.update_many(*args, **more)

    made: Any = PendingRows
    moved = SimpleNamespace(messages=SimpleNamespace(find=messages.find, update_many=update_many))
    rows: PendingRows = made(moved, services.moves)
    return rows


def test_giving_back_claims_leaves_another_entry_s_claim(services: Services) -> None:
    mine = insert(services, "c1", claim=MINE, round=1)
    other = insert(services, "c2", claim=OTHER, round=1)
    Claims(services.db).give_back([mine, other], MINE)
    assert not read(services, mine).keys() & {"claim", "round"}
    assert (read(services, other)["claim"], read(services, other)["round"]) == (OTHER, 1)


def test_giving_back_claims_leaves_rows_raised_by_a_receipt_and_rows_not_named(services: Services) -> None:
    raised = insert(services, "c1", State.DELIVERED, claim=MINE, round=1)
    unnamed = insert(services, "c2", claim=MINE, round=1)
    Claims(services.db).give_back([raised], MINE)
    assert (read(services, raised)["claim"], read(services, unnamed)["claim"]) == (MINE, MINE)


def test_raised_rows_are_those_of_the_entry_and_the_batch_that_were_sent(services: Services) -> None:
    raised = [insert(services, f"a{state}", state, claim=MINE) for state in list(State)[1:6]]
    insert(services, "b", State.DELIVERED, claim=OTHER)
    insert(services, "c", claim=MINE)
    insert(services, "d", State.SKIPPED, claim=MINE)
    insert(services, "e", State.HELD_OUT, claim=MINE)
    insert(services, "z", State.DELIVERED, claim=MINE)
    found = Claims(services.db).raised(DeliveryBatch("m", None, "f", 1, 9), MINE)
    assert sorted(row["_id"] for row in found) == sorted(raised)


def test_a_claim_takes_the_rows_after_the_batchs_start_up_to_its_end(services: Services) -> None:
    for name in ("c1", "c2", "c3", "c4"):
        insert(services, name)
    insert(services, "c2x", reason="quiet_hours", due_at=LATER)
    insert(services, "c2y", State.SENT)
    taken = Claims(services.db).take(DeliveryBatch("m", "c1", "c3", 1, 2), MINE)
    assert sorted(row["customer_id"] for row in taken) == ["c2", "c3"]
    assert not any("maybe_sent" in row for row in services.db.messages.find())


def test_skip_and_defer_leave_a_row_that_a_receipt_raised(services: Services) -> None:
    rows = [insert(services, name, State.DELIVERED, claim=MINE, round=1) for name in ("c1", "c2")]
    before = [read(services, row) for row in rows]
    services.bookings.skip({rows[0]: "no_consent"}, MINE, at=LATER)
    services.bookings.defer({rows[1]: LATER}, MINE, reason="quiet_hours")
    assert [read(services, row) for row in rows] == before


def test_skip_and_defer_leave_what_another_entry_has_claimed_meanwhile(services: Services) -> None:
    rows = [insert(services, name, claim=OTHER, round=2) for name in ("c1", "c2")]
    before = [read(services, row) for row in rows]
    services.bookings.skip({rows[0]: "no_consent"}, MINE, at=LATER)
    services.bookings.defer({rows[1]: LATER}, MINE, reason="quiet_hours")
    assert [read(services, row) for row in rows] == before


def test_skip_and_defer_give_each_row_its_own_reason_and_time_and_end_the_claim(services: Services) -> None:
    names = ("c1", "c2", "c3", "c4")
    rows = [insert(services, name, claim=MINE, round=1, maybe_sent=True) for name in names]
    services.bookings.skip({rows[0]: "no_consent", rows[1]: "suppressed"}, MINE, at=LATER)
    services.bookings.defer({rows[2]: LATER, rows[3]: LATER + timedelta(hours=1)}, MINE, reason="quiet_hours")
    found = [read(services, row) for row in rows]
    assert [row["reason"] for row in found] == ["no_consent", "suppressed", "quiet_hours", "quiet_hours"]
    assert [row["rank"] for row in found] == [State.SKIPPED.rank] * 2 + [State.PENDING.rank] * 2
    assert [row.get("skipped_at") for row in found] == [LATER, LATER, None, None]
    assert [row.get("due_at") for row in found] == [None, None, LATER, LATER + timedelta(hours=1)]
    assert not any(row.keys() & {"claim", "round"} for row in found)
    assert all(row["maybe_sent"] for row in found), "a receipt may still tell that it was sent"


def raise_row(services: Services, row: str) -> None:
    services.db.messages.update_one({"_id": row}, {"$set": {"rank": State.DELIVERED.rank, "delivered_at": LATER}})


@pytest.mark.parametrize("verb", ["close_unclaimed", "close_orphans", "wake"])
def test_a_pending_row_that_a_receipt_raises_while_it_is_looked_at_stays_raised(services: Services, verb: str) -> None:
    more: dict[str, Any] = {"claim": MINE, "round": 1} if verb == "close_orphans" else {}
    more |= {"reason": "quiet_hours", "due_at": NOON} if verb == "wake" else {}
    row = insert(services, "c1", **more)
    rows = rows_that_move(services, lambda: raise_row(services, row))
    if verb == "close_unclaimed":
        rows.close_unclaimed("m", "cancelled", LATER, limit=9)
    elif verb == "close_orphans":
        rows.close_orphans("m", [], LATER, limit=9)
    else:
        rows.wake("m", LATER, limit=9)
    found = read(services, row)
    assert (found["rank"], found["delivered_at"]) == (State.DELIVERED.rank, LATER)
    assert not found.keys() & {"skipped_at", "failed_at"}


def test_a_failed_row_that_a_receipt_raises_while_it_is_put_back_stays_raised(services: Services) -> None:
    row = insert(services, "c1", State.FAILED)
    rows_that_move(services, lambda: raise_row(services, row)).reset_failed("m", NOON, [], limit=9)
    assert read(services, row)["rank"] == State.DELIVERED.rank


def test_a_row_that_is_claimed_while_its_campaign_is_closed_is_not_skipped(services: Services) -> None:
    row = insert(services, "c1")
    claim = {"$set": {"claim": MINE, "round": 1}}
    rows = rows_that_move(services, lambda: services.db.messages.update_one({"_id": row}, claim))
    rows.close_unclaimed("m", "cancelled", LATER, limit=9)
    assert (read(services, row)["rank"], read(services, row)["claim"]) == (State.PENDING.rank, MINE)


def test_what_a_living_entry_works_on_is_neither_closed_nor_put_back(services: Services) -> None:
    living = insert(services, "c1", claim=MINE, round=1)
    orphan = insert(services, "c2", claim=OTHER, round=1)
    failed = insert(services, "c3", State.FAILED, claim=MINE)
    rows = PendingRows(services.db, services.moves)
    assert rows.close_orphans("m", [MINE], LATER, limit=9) == 1
    assert rows.reset_failed("m", NOON, [MINE], limit=9) == 0
    assert (read(services, living)["rank"], read(services, failed)["rank"]) == (State.PENDING.rank, State.FAILED.rank)
    closed = read(services, orphan)
    assert (closed["rank"], closed["reason"], closed["failed_at"]) == (State.FAILED.rank, "outcome_unknown", LATER)
    assert not closed.keys() & {"claim", "round"}


def test_each_change_stops_at_its_limit_and_at_its_campaign(services: Services) -> None:
    rows = PendingRows(services.db, services.moves)
    for name in ("c1", "c2", "c3"):
        insert(services, name)
    messages_in(services.db).insert_one(new_row("other", "c1", channel="in_app", at=NOON))
    assert rows.next_open("m", after="c1", upto="c2", limit=9) == ["c2"]
    assert rows.next_open("m", after=None, upto=None, limit=2) == ["c1", "c2"]
    assert [rows.close_unclaimed("m", "cancelled", LATER, limit=2) for _ in range(3)] == [2, 1, 0]
    assert rows.has_any("other")
    assert not rows.has_any("m")


def test_rows_wake_at_their_moment_and_not_before(services: Services) -> None:
    rows = PendingRows(services.db, services.moves)
    early = insert(services, "c1", reason="quiet_hours", due_at=NOON)
    late = insert(services, "c2", reason="quiet_hours", due_at=LATER)
    locked = insert(services, "c3", reason="cap_locked", due_at=NOON)
    assert rows.due_span("m", "quiet_hours") == (NOON, LATER)
    assert rows.due_span("m", "no such reason") is None
    assert rows.wake("m", NOON - timedelta(milliseconds=1), limit=9) == 0
    assert rows.wake("m", NOON, limit=9) == 2
    assert not any(read(services, row).keys() & {"reason", "due_at"} for row in (early, locked))
    assert read(services, late)["due_at"] == LATER
    assert rows.due_span("m", "quiet_hours") == (LATER, LATER)


def test_a_row_is_put_back_once_for_a_retry_without_what_its_last_try_left(services: Services) -> None:
    left = {"reason": "blocked", "sent_at": NOON, "failed_at": NOON, "vendor_id": "v", "text": "Hi", "subject": "S"}
    row = insert(services, "c1", State.FAILED, **left, n=1, maybe_sent=True)
    unknown = insert(services, "c2", State.FAILED, reason="outcome_unknown")
    rows = PendingRows(services.db, services.moves)
    assert rows.has_failed("m")
    assert rows.reset_failed("m", NOON, [], limit=9) == 1
    found = read(services, row)
    assert (found["rank"], found["n"], found["retried_at"]) == (State.PENDING.rank, 2, NOON)
    assert not found.keys() & {*left, "maybe_sent"}
    assert read(services, unknown)["rank"] == State.FAILED.rank
    services.db.messages.update_one({"_id": row}, {"$set": {"rank": State.FAILED.rank}})
    assert not rows.has_failed("m", besides=NOON)
    assert rows.reset_failed("m", NOON, [], limit=9) == 0
    assert rows.has_failed("m")
    assert rows.reset_failed("m", LATER, [], limit=9) == 1
