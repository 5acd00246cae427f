"""What the builder offers from the data: fields, segments by name, and types of events."""

from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.integration.feeding import store_customers
from tests.ui.test_builder_board import store_events

EVERYONE = load_rule({"kind": "all", "rules": []})


def test_types_of_events_come_with_the_most_frequent_first(services: Services) -> None:
    assert services.rule_contexts.event_types() == []
    store_events(services, ("c1", "visit"), ("c1", "page_view"), ("c2", "page_view"))
    assert services.rule_contexts.event_types() == ["page_view", "visit"]


def test_attributes_are_fields_and_segments_are_known_by_name(services: Services) -> None:
    store_customers(services, {"id": "c1", "attributes": {"size": 5}})
    loyal = services.segments.save("Loyal", EVERYONE, actor=TEST)["_id"]
    early = services.segments.save("Early", EVERYONE, actor=TEST)["_id"]
    assert "attributes.size" in {found.name for found in services.rule_contexts.catalogue().fields}
    assert list(services.rule_contexts.segment_names().items()) == [(early, "Early"), (loyal, "Loyal")]


def test_no_attribute_and_no_segment_is_left_out_however_many_there_are(services: Services) -> None:
    services.db.attributes.insert_many([{"_id": f"a{place:04}", "seen": ["number"]} for place in range(1100)])
    services.db.segments.insert_many([{"_id": f"s{place}", "name": f"Segment {place:04}"} for place in range(1100)])
    assert services.rule_contexts.catalogue().find("attributes.a1099")
    assert len(services.rule_contexts.segment_names()) == 1100
    assert services.rule_contexts.failure is None
