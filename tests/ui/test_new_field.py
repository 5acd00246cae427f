"""A field that is new in the schema is there everywhere: three rows, and no other change."""

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from crm_core.api.answers.schema_fields import answer_fields, to_typed_dict
from crm_core.api.shapes import to_json_values
from crm_core.audience.snapshot.loading import Loader
from crm_core.campaigns.drafting.message_fields import declared_in
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.recognising.preview import try_import
from crm_core.infra.streams import Entry, Stream
from crm_core.ingest.parsing import parse_records
from crm_core.rules.binding import bind
from crm_core.rules.engines.mask import mask
from crm_core.rules.engines.mongo import to_mongo
from crm_core.rules.engines.single import Subject, matches
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.schema.fields import Field, InRules
from crm_core.schema.kinds import Moment, Money, Number, Text
from crm_core.schema.schema import SCHEMA
from crm_core.services import Services, build_services, install
from crm_core.settings import Settings
from tests.actors import TEST
from tests.conftest import TestClock
from tests.databases import empty
from tests.ui.page import Page

NEW = (
    Field(
        "shoe_size", Number(10, 60), "Shoe size",
        rules=InRules("Profile", phrase="wears size {}"), columns=("shoes",), in_messages=True, on_profile=True,
    ),
    Field("vip_until", Moment(may_be_ahead=True), "VIP until", rules=InRules("Profile"), on_profile=True),
    Field(
        "credit", Money(), "Credit", rules=InRules("Orders", ("store_credit",), "has {} of credit"), in_messages=True,
        on_profile=True,
    ),
    Field("motto", Text(), "Motto", rules=InRules("Profile"), in_messages=True, on_profile=True),
)  # fmt: skip
WITH_NEW = SCHEMA.customers
for row in NEW:
    WITH_NEW = WITH_NEW.with_field(row)
GIVEN: dict[str, Any] = {
    "id": "c1", "shoeSize": 42.5, "vipUntil": "2027-01-31", "credit": 12.5, "motto": "Festina Lente",
}  # fmt: skip


@pytest.fixture
def extended(servers: Settings, clock: TestClock) -> Iterator[Services]:
    """Services whose customers have the new fields, with one customer who has them and one who has not."""
    built = build_services(
        servers.with_servers(mongodb_database="test"), clock=clock, schema=replace(SCHEMA, customers=WITH_NEW)
    )
    built.redis.flushdb()
    install(built)
    accept(built, GIVEN)
    accept(built, {"id": "c2"})
    yield built
    install(None)
    empty(built.db)
    built.close()


def accept(services: Services, record: dict[str, Any]) -> None:
    """As the API accepts it, and the worker stores it."""
    batch = parse_records(Stream.CUSTOMERS, json.dumps(record).encode(), services.validation_context({}))
    assert not batch.rejected, batch.rejected
    assert services.persister.store([Entry(Stream.CUSTOMERS, "1780000000000-0", batch.payloads[0])]) == {}


def test_a_new_field_is_refused_until_the_schema_has_it(services: Services) -> None:
    body = json.dumps(GIVEN).encode()
    errors = parse_records(Stream.CUSTOMERS, body, services.validation_context({})).rejected[0].errors
    assert [error.field for error in errors] == ["shoeSize", "vipUntil", "credit", "motto"]
    entry = Entry(Stream.CUSTOMERS, "1780000000000-0", b'{"id": "c1", "credit": "12.50"}')
    assert "a field that is not declared" in services.persister.store([entry])[entry.id]
    assert services.db.customers.count_documents({}) == 0


def test_the_bounds_of_a_new_field_are_kept_and_named(extended: Services) -> None:
    body = b'{"id": "c3", "shoe_size": 9, "vip_until": "soon", "credit": -1}'
    errors = parse_records(Stream.CUSTOMERS, body, extended.validation_context({})).rejected[0].errors
    assert [(error.field, error.message.split()[:3]) for error in errors] == [
        ("shoe_size", ["must", "be", "between"]),
        ("vip_until", ["must", "be", "an"]),
        ("credit", ["must", "be", "between"]),
    ]


def test_a_new_field_is_stored_in_the_form_of_its_kind(extended: Services) -> None:
    doc = extended.db.customers.find_one({"_id": "c1"})
    assert doc
    stored = {name: doc[name] for name in ("shoe_size", "vip_until", "credit_minor", "motto")}
    assert stored == {
        "shoe_size": 42.5,
        "vip_until": datetime(2027, 1, 31, tzinfo=UTC),
        "credit_minor": 1250,
        "motto": "Festina Lente",
    }
    assert doc["folded"]["motto"] == "festina lente"
    assert "credit" not in doc


def test_a_new_field_is_answered_and_cleared(extended: Services) -> None:
    record: Mapping[str, Any] = extended.customers.customer("c1", actor=TEST)
    assert (record["shoe_size"], record["credit"]) == (42.5, Decimal("12.5"))
    assert to_json_values(record)["credit"] == 12.5
    batch = parse_records(Stream.CUSTOMERS, b'{"id": "c1", "credit": null}', extended.validation_context({}))
    extended.persister.store([Entry(Stream.CUSTOMERS, "1780000000001-0", batch.payloads[0])])
    assert "credit" not in extended.customers.customer("c1", actor=TEST)


@pytest.mark.parametrize(
    ("text", "sentence", "found"),
    [
        ("shoe_size >= 42.5", "wears size at least 42.5", ["c1"]),
        ("shoe_size < 42.5", "wears size less than 42.5", []),
        ("vip_until after 2027-01-30", "VIP until", ["c1"]),
        ("vip_until on 2027-01-30", "VIP until", []),
        ("store_credit = 12.50", "has exactly $12.50 of credit", ["c1"]),
        ("credit is not set", "credit", ["c2"]),
        ('motto starts with "FESTINA"', "motto", ["c1"]),
    ],
)
def test_three_engines_find_the_same_by_a_new_field(
    extended: Services, text: str, sentence: str, found: list[str]
) -> None:
    context = extended.rule_contexts.context()
    bound = bind(parse_text(text, context), context)
    assert sentence.lower() in to_sentence(bound, lambda amount: f"${amount:.2f}").lower()
    docs = list(extended.db.customers.find().sort("_id", 1))
    shard = Loader(extended.db, context.catalogue.fields, reads_sends=False).load_all()
    rows = mask(bound, shard.columns)
    assert [doc["_id"] for doc in extended.db.customers.aggregate(to_mongo(bound))] == found
    assert [name for name, is_match in zip(shard.ids, rows, strict=True) if is_match] == found
    assert [doc["_id"] for doc in docs if matches(bound, Subject(doc))] == found


def test_a_new_field_is_a_column_of_imports(extended: Services) -> None:
    file = io.BytesIO(b"id,Shoes,VIP until,credit\nc3,43,2027-05-01,7.25\n")
    run = try_import(
        FileSource.of_file(file, "customers.csv"),
        ImportOptions(kinds=extended.import_kinds),
        extended.validation_context({}),
    )
    assert (run.faults, run.rejected) == ((), [])
    assert run.records == [{"id": "c3", "shoe_size": 43, "vip_until": "2027-05-01T00:00:00+00:00", "credit": "7.25"}]


def test_a_message_says_a_new_field_where_the_schema_lets_it(extended: Services) -> None:
    known = {field.name: field for field in declared_in(extended.schema.customers)}
    stored = [path for name in ("shoe_size", "motto") for path in known[name].stored]
    people = extended.recipients.read(["c1"], "in_app", None, extended.clock(), stored=stored)
    read = [known[name].read(people["c1"].customer, ZoneInfo("UTC")) for name in ("shoe_size", "motto")]
    assert read == [42.5, "Festina Lente"]
    assert "vip_until" not in known


def test_the_customers_page_shows_a_new_field(extended: Services) -> None:
    words = Page("customer", customer="c1").words
    for shown in ("Shoe size\n", "42.5", "VIP until", "Credit\n", "$12.50", "Motto", "Festina Lente"):
        assert shown in words
    assert "Shoe size" not in Page("customer", customer="c2").words


def test_answers_are_documented_with_a_new_field_that_may_be_absent() -> None:
    form = to_typed_dict("Customer", "A customer.", answer_fields(WITH_NEW, {}))
    schema = TypeAdapter(form).json_schema()
    names = {row.name for row in NEW}
    assert names <= schema["properties"].keys()
    assert not names & set(schema["required"])
    assert schema["properties"]["vip_until"]["format"] == "date-time"


def test_a_field_that_would_be_taken_for_another_is_refused() -> None:
    for clash in (
        Field("city", Text(), "Town"),
        Field("total_spend_minor", Number(), "Spend"),
        Field("town", Text(), "Town", columns=("city",)),
        Field("town", Text(), "Town", rules=InRules("Profile", ("bought",))),
    ):
        with pytest.raises(ValueError, match="declare twice"):
            SCHEMA.customers.with_field(clash)
