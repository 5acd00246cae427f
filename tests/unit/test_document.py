"""Equal customers are equal byte for byte: the form in which they are stored."""

from datetime import UTC, datetime
from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from crm_core.customers.document import arrange, arrange_record
from crm_core.customers.fields import fold_texts

AT = datetime(2026, 6, 1, tzinfo=UTC)
CUSTOMER: dict[str, Any] = {
    "_id": "c1",
    "name": "Straße",
    "tags": ["VIP"],
    "categories": ["Books"],
    "attributes": {"size": "M", "joined": "2026-01-02", "kinds": ["A"], "points": 3, "seen": "2026-01-02T18:00"},
    "consent": {"sms": {"state": "denied"}, "email": {"state": "granted"}},
    "baseline": {"visits": 3, "order_count": 1},
    "versions": {"name": 2, "attributes/size": 1},
    "created_at": AT,
    "updated_at": AT,
    "total_spend_minor": 5,
}


@given(st.permutations(list(CUSTOMER)), st.randoms())
def test_a_customer_has_the_same_bytes_in_whatever_order_its_parts_came(names: list[str], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        return {key: value[key] for key in random.sample(list(value), len(value))} if isinstance(value, dict) else value

    mixed = {name: shuffled(CUSTOMER[name]) for name in names}
    assert bson.encode(arrange(mixed)) == bson.encode(arrange(dict(CUSTOMER)))


def test_what_orders_change_in_place_is_there_from_the_start_and_first() -> None:
    bare = arrange({"_id": "c1", "created_at": AT, "updated_at": AT})
    names = list(bare)
    assert bare["folded"] == {"categories": [], "search": ["c1"]}
    assert list(arrange(dict(CUSTOMER)))[: len(names)] == names


def test_an_order_has_its_fields_by_name() -> None:
    assert list(arrange_record({"status": "shipped", "_id": "o1", "amount_minor": 1})) == [
        "_id",
        "amount_minor",
        "status",
    ]


def test_texts_are_folded_and_iso_dates_stand_as_times_too_plain_days_as_they_are() -> None:
    assert fold_texts(CUSTOMER) == {
        "name": "strasse",
        "tags": ["vip"],
        "categories": ["books"],
        "search": ["c1", "strasse"],
        "attributes": {"joined": "2026-01-02", "kinds": ["a"], "seen": "2026-01-02t18:00", "size": "m"},
        "dates": {"joined": "2026-01-02", "seen": datetime(2026, 1, 2, 18, tzinfo=UTC)},
    }
