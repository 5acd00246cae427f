"""The schema: rows that everything else can read, and kinds that every reader knows."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.campaigns.drafting.message_fields import declared_in
from crm_core.customers.storing import to_stored
from crm_core.imports.recognising.kinds import cell_type
from crm_core.ingest.wire import wire_type
from crm_core.rules.fields import build_fields
from crm_core.schema import kinds
from crm_core.schema.fields import Field, InRules, RecordSchema
from crm_core.schema.kinds import Kind
from crm_core.schema.order import ITEM
from crm_core.schema.reference import fields_table
from crm_core.schema.schema import SCHEMA
from crm_core.schema.statuses import ORDER_STATUSES, SPEND_STATUSES, STATUS_NAMES, STATUSES, Status, read_status

SAMPLES: dict[type[Kind], Kind] = {
    kinds.Items: ITEM,
    kinds.Values: kinds.Values("attribute"),
}


def sample(kind: type[Kind]) -> Kind:
    return SAMPLES[kind] if kind in SAMPLES else kind()  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [sample(kind) for kind in get_args(Kind)], ids=lambda kind: type(kind).__name__)
def test_every_kind_has_a_wire_type_a_stored_form_a_cell_and_a_place_in_the_docs(kind: Kind) -> None:
    assert wire_type(kind) is not None
    assert callable(to_stored(kind, digits=lambda: 2))
    cell_type(kind)
    assert "`made_up`" in fields_table(RecordSchema("things", "Thing", "", (Field("made_up", kind, "Made up"),)))


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        *((kind, 5) for kind in (kinds.Text(), kinds.Email(), kinds.Identifier(), kinds.Currency(), kinds.TextList())),
        *((kind, True) for kind in (kinds.Number(), kinds.Count(), kinds.Text(), kinds.Consent())),
        *((kind, "x") for kind in (kinds.Money(), kinds.Moment(), kinds.OrderStatus(), kinds.Flag(), kinds.Number())),
        (kinds.Count(), 1.5),
        (kinds.TextList(), [5]),
        (ITEM, [{"name": "CD", "colour": "red"}]),
    ],
)
def test_a_value_of_another_kind_has_no_stored_form(kind: Kind, bad: object) -> None:
    with pytest.raises((TypeError, ValueError, ArithmeticError, KeyError)):
        to_stored(kind, digits=lambda: 2)(bad)


def test_rules_cannot_ask_for_a_kind_that_does_not_compare() -> None:
    row = Field("parts", ITEM, "Parts", rules=InRules("Profile"))
    with pytest.raises(ValueError, match="Items"):
        build_fields(SCHEMA.customers.with_field(row))


def test_a_field_cannot_join_one_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="nick_name"):
        SCHEMA.customers.with_field(Field("full", kinds.Text(), "Full", joins=("nick_name",)))


def test_a_longer_schema_leaves_the_first_as_it_was() -> None:
    longer = SCHEMA.customers.with_field(Field("motto", kinds.Text(), "Motto"))
    assert "motto" in longer.by_name
    assert "motto" not in SCHEMA.customers.by_name


def test_messages_read_what_their_fields_are_joined_from() -> None:
    stored = {field.name: set(field.stored) for field in declared_in(SCHEMA.customers)}
    assert stored["name"] == {"name", "first_name", "last_name"}
    assert stored["total_spend"] == {"total_spend_minor"}
    assert stored["avg_order_value"] == {"total_spend_minor", "order_count"}


def test_statuses_that_count_for_more_come_first() -> None:
    assert STATUS_NAMES[: len(ORDER_STATUSES)] == ORDER_STATUSES
    assert STATUS_NAMES[: len(SPEND_STATUSES)] == SPEND_STATUSES
    assert {status.name for status in STATUSES if status.is_return} == {"returned"}


@given(st.sampled_from(STATUSES), st.data())
def test_every_word_of_a_status_means_it_in_any_case_and_with_any_gap(status: Status, data: st.DataObject) -> None:
    word = data.draw(st.sampled_from((status.name, *status.words)))
    gap = data.draw(st.sampled_from("-_ "))
    written = word.replace("-", gap).replace("_", gap)
    assert read_status(data.draw(st.sampled_from((written, written.upper(), written.title())))) == status.name


@pytest.mark.parametrize("word", ["", "lost", "paidd", "part refunded", "refund", "CONFIRM"])
def test_any_other_word_means_no_status(word: str) -> None:
    assert read_status(word) is None
