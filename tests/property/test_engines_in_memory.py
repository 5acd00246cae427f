"""Over random trees and random customers the engines in memory find the same, and a negative operator the others."""

from datetime import datetime, tzinfo
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.infra.streams import Stream
from crm_core.rules.binding import bind
from crm_core.rules.context import KnownCampaigns, KnownSegments, SegmentDefinition
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import OPERATORS
from tests.engines.memory import MemoryTown, build_memory_town
from tests.engines.people import CAMPAIGNS, NOW, TAGS, Json, People
from tests.engines.trees import (
    CATALOGUE,
    FIGURES,
    SEGMENTS,
    TIME_ZONES,
    TIMES,
    TREES,
    TREES_WITH_SEGMENTS,
    others_for,
    value_for,
)
from tests.integration.feeding import make_entry

EVERYONE: Json = {"kind": "all", "rules": []}
SIZE = 30
"""Customers of a town."""


def make_town(seed: int) -> MemoryTown:
    people = People(seed, SIZE)
    records = {Stream.CUSTOMERS: people.customers, Stream.ORDERS: people.orders, Stream.EVENTS: people.events}
    entries = {stream: [make_entry(stream, each, at=NOW) for each in found] for stream, found in records.items()}
    return build_memory_town(entries, CATALOGUE, people.messages, KnownCampaigns(CAMPAIGNS, TAGS))


def saved_segments(first: Json, second: Json) -> KnownSegments:
    rules = zip(SEGMENTS, (first, second, {"kind": "none", "rules": [first, second]}), strict=True)
    return KnownSegments(SegmentDefinition(name, name, 1, load_rule(rule)) for name, rule in rules)


def agreed(town: MemoryTown, rule: Json, segments: KnownSegments, zone: tzinfo, now: datetime) -> list[str]:
    """Whom all engines find."""
    found = town.by_engine(bind(load_rule(rule), town.context(segments, now, zone)))
    assert all(ids == found["single"] for ids in found.values()), (rule, found)
    return found["single"]


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    rules=st.lists(st.one_of(TREES_WITH_SEGMENTS, FIGURES), min_size=20, max_size=20),
    saved=st.tuples(TREES, TREES),
    zone=TIME_ZONES,
    now=TIMES,
)
def test_engines_in_memory_find_the_same_customers(
    seed: int, rules: list[Json], saved: tuple[Json, Json], zone: tzinfo, now: datetime
) -> None:
    town, segments = make_town(seed), saved_segments(*saved)
    for rule in rules:
        agreed(town, rule, segments, zone, now)


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_engines_agree_on_every_operator_and_a_negative_one_finds_all_others(seed: int, data: st.DataObject) -> None:
    town, segments, zone = make_town(seed), saved_segments(EVERYONE, EVERYONE), data.draw(TIME_ZONES)
    now = data.draw(TIMES)
    everybody = agreed(town, EVERYONE, segments, zone, now)
    for found, operator in product(CATALOGUE.fields, OPERATORS):
        if found.type not in operator.types:
            continue
        rule = {"kind": "field", "field": found.name, "op": operator.key}
        if (value := data.draw(value_for(operator, found.type))) is not None:
            rule["value"] = value
        ids = agreed(town, rule, segments, zone, now)
        if operator.complement_of:
            positive = agreed(town, rule | {"op": operator.complement_of}, segments, zone, now)
            assert ids == [name for name in everybody if name not in positive], rule
        if operator.relation:
            compared = {"kind": "field", "field": found.name, "op": operator.key}
            for other in others_for(found):
                agreed(town, compared | {"other_field": other}, segments, zone, now)
