"""Booking: whatever the order and however it comes in batches, the message log ends the same."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from crm_core.campaigns.messages.booking import StateChange
from crm_core.campaigns.messages.model import messages_in
from crm_core.campaigns.messages.rows import new_row
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState as State
from crm_core.services import Services

START = datetime(2026, 6, 15, 12, tzinfo=UTC)
HEARD = (State.DELIVERED, State.FAILED, State.OPENED, State.CLICKED)
ROWS = [f"c:{number}" for number in range(6)]


def store_rows(services: Services) -> None:
    rows = [new_row("c", row.removeprefix("c:"), channel="in_app", at=START) for row in ROWS]
    rows[4] |= {"rank": State.SKIPPED.rank, "reason": "no_consent"}
    rows[5] |= {"n": 2}
    services.db.messages.delete_many({})
    messages_in(services.db).insert_many(rows)


def logged(services: Services) -> list[Doc]:
    return list(services.db.messages.find().sort("_id"))


def draw_step(chance: random.Random) -> StateChange:
    state = chance.choice(HEARD)
    reason = chance.choice(["blocked", "bounced", None]) if state is State.FAILED else None
    key = f"{chance.choice(ROWS)}#{chance.choice([0, 0, 2])}"
    return StateChange(key, state, START + timedelta(seconds=chance.randrange(60)), reason)


@pytest.mark.parametrize("seed", range(8))
def test_receipts_end_the_same_in_any_order_and_in_any_batches(services: Services, seed: int) -> None:
    chance = random.Random(seed)
    steps = [draw_step(chance) for _ in range(40)]
    store_rows(services)
    services.bookings.book(steps)
    at_once = logged(services)
    store_rows(services)
    for step in chance.sample(steps + steps[:10], 50):
        services.bookings.book([step])
    assert logged(services) == at_once
    moved = {row["_id"] for row in at_once if row["rank"] != State.PENDING.rank}
    assert moved == {row for row in ROWS if row != "c:4" and any(speaks_of(step, row) for step in steps)} | {"c:4"}
    assert at_once[4].keys() == {"_id", "campaign_id", "customer_id", "channel", "rank", "created_at", "reason"}


def speaks_of(step: StateChange, row: str) -> bool:
    return step.key == (f"{row}#2" if row == "c:5" else f"{row}#0")


def test_what_is_kept_of_a_message_is_its_own_whoever_is_booked_beside_it(services: Services) -> None:
    store_rows(services)
    services.db.messages.update_many({}, {"$set": {"claim": "e", "round": 1}})
    with_subject = StateChange("c:0#0", State.SENT, START, kept={"vendor_id": "v0", "text": "$name", "subject": "Hi"})
    without = StateChange("c:1#0", State.SENT, START, kept={"vendor_id": "v1", "text": "{{ x }}"})
    refused = StateChange("c:2#0", State.FAILED, START, "blocked")
    assert services.bookings.finish([with_subject, without, refused, StateChange("x:9#0", State.SENT, START)]) == 3
    first, second, third, fourth, *_ = logged(services)
    assert (first["text"], first["subject"], first["sent_at"]) == ("$name", "Hi", START)
    assert (second["text"], second["vendor_id"], second.get("subject", "none")) == ("{{ x }}", "v1", "none")
    assert (third["reason"], third["failed_at"], third.keys() & {"text", "sent_at", "claim"}) == (
        "blocked",
        START,
        set(),
    )
    assert (fourth["claim"], fourth["rank"]) == ("e", State.PENDING.rank)


def test_more_text_than_one_statement_takes_is_booked_in_parts(services: Services) -> None:
    store_rows(services)
    text = "\N{SNOWMAN}" * 1_900_000
    steps = [StateChange(f"{row}#0", State.SENT, START, kept={"text": text}) for row in ROWS[:4]]
    assert services.bookings.finish(steps) == 4
    assert [len(row["text"]) for row in logged(services)[:4]] == [len(text)] * 4
