"""The laws of rules over random trees and random customers: every engine finds the same, a negative operator exactly
the others."""

import os
from datetime import UTC, datetime, tzinfo
from itertools import product

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.rules.binding import bind
from crm_core.rules.context import KnownSegments, SegmentDefinition
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import OPERATORS
from crm_core.services import Services
from tests.engines.agreement import Town, open_town
from tests.engines.people import NOW, Json, People
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

TREES_PER_RUN = int(os.environ.get("CLIENTNEST_RULE_TREES", "600"))
TREES_PER_TOWN = 25
EVERYONE: Json = {"kind": "all", "rules": []}
SIZE = 40
"""Customers of a town."""


def saved_segments(first: Json, second: Json) -> KnownSegments:
    """s3 uses s1."""
    both = {"kind": "none", "rules": [{"kind": "segment", "segment_id": "s1"}, first, second]}
    rules = zip(SEGMENTS, (first, second, both), strict=True)
    return KnownSegments(SegmentDefinition(name, name, 1, load_rule(rule)) for name, rule in rules)


def agreed(
    town: Town,
    rule: Json,
    segments: KnownSegments,
    zone: tzinfo = UTC,
    now: datetime = NOW,
    *,
    unknown_may_be_messaged: bool = True,
) -> list[str]:
    """Whom all engines find."""
    context = town.context(segments, now, zone, unknown_may_be_messaged=unknown_may_be_messaged)
    found = town.by_engine(bind(load_rule(rule), context))
    assert all(ids == found["single"] for ids in found.values()), (rule, found)
    return found["single"]


@settings(max_examples=max(1, TREES_PER_RUN // TREES_PER_TOWN), suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32 - 1),
    rules=st.lists(TREES_WITH_SEGMENTS, min_size=TREES_PER_TOWN, max_size=TREES_PER_TOWN),
    saved=st.tuples(TREES, TREES),
    zone=TIME_ZONES,
    now=TIMES,
    unknown=st.booleans(),
)
def test_all_engines_find_the_same_customers(
    village: Services,
    seed: int,
    rules: list[Json],
    saved: tuple[Json, Json],
    zone: tzinfo,
    now: datetime,
    unknown: bool,
) -> None:
    people = People(seed, SIZE)
    segments = saved_segments(*saved)
    with open_town(village, people, CATALOGUE) as town:
        for rule in rules:
            agreed(town, rule, segments, zone, now, unknown_may_be_messaged=unknown)


@settings(max_examples=16, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), rules=st.lists(FIGURES, min_size=TREES_PER_TOWN, max_size=TREES_PER_TOWN))
def test_conditions_on_orders_and_events_alone_find_the_same(village: Services, seed: int, rules: list[Json]) -> None:
    """MongoDB first asks what such a condition implies for the totals; others beside it would hide what is wrong."""
    people = People(seed, SIZE)
    with open_town(village, people, CATALOGUE) as town:
        for rule in rules:
            agreed(town, rule, saved_segments(EVERYONE, EVERYONE))


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32 - 1), data=st.data())
def test_engines_agree_on_every_operator_and_a_negative_one_finds_all_others(
    village: Services, seed: int, data: st.DataObject
) -> None:
    people = People(seed, SIZE)
    segments, zone, now = saved_segments(EVERYONE, EVERYONE), data.draw(TIME_ZONES), data.draw(TIMES)
    with open_town(village, people, CATALOGUE) as town:
        everybody = agreed(town, EVERYONE, segments)
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
