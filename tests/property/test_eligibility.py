"""The mask form gives each customer the reason that the scalar form gives."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from crm_core.audience.eligibility import Cap, Policy, Reason, Recipient, eligibility
from crm_core.audience.reach import CHANNEL_PLACES, LAYOUT, count_recent, encode_reach, ineligible
from crm_core.channels.registry import CHANNELS
from crm_core.rules.engines.columns import to_ms

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
MOMENTS = st.builds(
    lambda days, off: NOW - timedelta(days=days, milliseconds=off), st.integers(1, 3), st.sampled_from([0, 1, -1])
)
NAMES = st.sampled_from(list(CHANNELS))
STATES = st.sampled_from(["granted", "denied", "unknown"])
TOKENS = st.sampled_from(["t0", "", " ", 0, 1, True, False, ["t0"], 1.5])
ATTRIBUTES = [path.partition(".")[2] for path in CHANNELS.addresses if "." in path]
CUSTOMERS = st.fixed_dictionaries(
    {},
    optional={
        "consent": st.dictionaries(
            NAMES, st.fixed_dictionaries({}, optional={"state": STATES, "source": st.just("api")})
        ),
        "email": st.sampled_from(["", "a@example.com"]),
        "phone": st.sampled_from(["", "+911234567"]),
        "attributes": st.fixed_dictionaries({}, optional=dict.fromkeys(ATTRIBUTES, TOKENS) | {"city": st.just("Pune")}),
    },
)
PEOPLE = st.lists(
    st.builds(
        Recipient,
        CUSTOMERS,
        st.frozensets(NAMES, max_size=2),
        st.dictionaries(NAMES, st.lists(MOMENTS, min_size=1, max_size=3)),
    ),
    max_size=8,
)
POLICIES = st.builds(Policy, st.booleans(), st.none() | st.builds(Cap, st.integers(1, 3), st.integers(1, 3)))
NOWS = st.sampled_from([0, 1, 999, 1000, 1001]).map(lambda us: NOW + timedelta(microseconds=us))


@given(PEOPLE, POLICIES, NOWS)
def test_masks_say_what_the_scalar_form_says(people: list[Recipient], policy: Policy, now: datetime) -> None:
    customers = stored(people)
    facts = encode_reach(customers, _suppressed(people))
    for channel in CHANNELS:
        recent = count_recent(*_sent(people), size=len(people), channel=channel, policy=policy, now=now)
        masks = ineligible(facts, recent, channel, policy)
        assert list(masks) == [each for each in Reason if each not in {Reason.CUSTOMER_GONE, Reason.SAME_ADDRESS}]
        assert np.sum(list(masks.values()), axis=0).max(initial=0) <= 1
        assert [_reason(masks, row) for row in range(len(people))] == [
            eligibility(person, channel, policy, now) for person in people
        ]


@given(PEOPLE)
def test_chunks_encode_as_the_whole_does(people: list[Recipient]) -> None:
    customers = stored(people)
    suppressed = _suppressed(people)
    chunks = [encode_reach(customers[row : row + 3], suppressed) for row in range(0, len(customers), 3)]
    whole = encode_reach(customers, suppressed)
    assert whole.dtype == LAYOUT.dtype
    assert whole.tolist() == [fact for chunk in chunks for fact in chunk.tolist()]


def stored(people: Sequence[Recipient]) -> list[dict[str, Any]]:
    customers = [{"_id": f"c{row}", **person.customer} for row, person in enumerate(people)]
    return [{**each, "address_keys": CHANNELS.address_keys(each, None)} for each in customers]


def _reason(masks: Mapping[Reason, Any], row: int) -> Reason | None:
    return next((reason for reason, mask in masks.items() if mask[row]), None)


def _suppressed(people: Sequence[Recipient]) -> dict[str, frozenset[str]]:
    return {f"c{row}": frozenset(person.suppressed) for row, person in enumerate(people) if person.suppressed}


def _sent(people: Sequence[Recipient]) -> tuple[Any, Any, Any]:
    messages = [
        (row, to_ms(at), CHANNEL_PLACES[channel])
        for row, person in enumerate(people)
        for channel, times in person.sent.items()
        for at in times
    ]
    rows, times_ms, channels = zip(*messages, strict=True) if messages else ((), (), ())
    return np.array(rows, dtype=np.int32), np.array(times_ms, dtype=np.int64), np.array(channels, dtype=np.int8)
