"""What a preview says beside the count, over random trees: each figure is the count of a rule that could be asked."""

import os
from collections.abc import Mapping
from dataclasses import replace

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from crm_core.audience.curve import OPERATORS, knobs_of, measure_curve
from crm_core.audience.eligibility import Cap, Policy, Reason
from crm_core.audience.measuring import measure_deliverable, measure_effects, measure_steps
from crm_core.audience.profile import profile_recency, profile_spend, profile_values
from crm_core.audience.snapshot.bits import count, unpack
from crm_core.audience.snapshot.ids import IdTable
from crm_core.audience.snapshot.population import Population
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import StoredCustomer, stored_customer
from crm_core.rules.binding import bind
from crm_core.rules.bound import Place
from crm_core.rules.engines.single import Contact, matches, read_value
from crm_core.rules.fields import Catalogue
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.engines.agreement import Town, open_town
from tests.engines.people import NOW, Json, People
from tests.engines.stops import contacts_of
from tests.engines.trees import CATALOGUE, FIELDS, FIGURES, TREES
from tests.integration.test_engines_agree import saved_segments

SEGMENTS = saved_segments({"kind": "all", "rules": []}, {"kind": "any", "rules": []})
HELD = Catalogue()
SIZE = 40
EXAMPLES = int(os.environ.get("CLIENTNEST_RULE_TREES", "250")) // 25
"""Towns for each law."""
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
"""Without shrinking: each try stores a town anew."""
law = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=PHASES)
seeds = st.integers(0, 2**32 - 1)
EVERYONE: Json = {"kind": "all", "rules": []}
MEASURED: Json = {
    "kind": "events",
    "type": "cart_abandoned",
    "measure": "max",
    "property": "value",
    "op": "gte",
    "value": 2.5,
}
"""A figure in millionths."""
PERCENT = frozenset({"in_top_percent", "in_bottom_percent"})
MOVABLE = st.one_of(FIELDS, FIGURES).filter(
    lambda rule: "within_days" in rule or (rule["op"] in OPERATORS | PERCENT and "other_field" not in rule)
)


def size_of(town: Town, rule: Json) -> int:
    """By the single-customer engine."""
    bound = bind(load_rule(rule), town.context(SEGMENTS))
    return sum(matches(bound, subject) for subject in town.subjects)


def held(town: Town, population: Population, rule: Json) -> bool:
    return population.holds(bind(load_rule(rule), town.context(SEGMENTS)))


def without(rule: Json, place: Place) -> Json | None:
    """The tree without that node, and without the groups that this leaves empty; None when nothing is left."""
    if not place:
        return None
    child = without(rule["rules"][place[0]], place[1:])
    rules = [*rule["rules"][: place[0]], *([child] if child else []), *rule["rules"][place[0] + 1 :]]
    return rule | {"rules": rules} if rules else None


def at(rule: Json, place: Place) -> Json:
    return at(rule["rules"][place[0]], place[1:]) if place else rule


def turned(rule: Json, place: Place, member: str, value: float) -> Json:
    if not place:
        return rule | {member: value}
    rules = list(rule["rules"])
    rules[place[0]] = turned(rules[place[0]], place[1:], member, value)
    return rule | {"rules": rules}


def knobs_expected(condition: Json) -> list[str]:
    is_average = condition.get("field") == "avg_order_value" or condition.get("measure") == "avg"
    has_threshold = condition["op"] in OPERATORS and "value" in condition and not is_average
    has_value = has_threshold or condition["op"] in PERCENT
    return [*(["value"] if has_value else []), *(["within_days"] if "within_days" in condition else [])]


@law
@given(seed=seeds, rules=st.lists(TREES, min_size=8, max_size=8))
def test_steps_and_effects_are_counts_of_the_rule_in_part(village: Services, seed: int, rules: list[Json]) -> None:
    people = People(seed, SIZE)
    with open_town(village, people, CATALOGUE) as town:
        for rule in rules:
            population = Population(town.version)
            bound = bind(load_rule(rule), town.context(SEGMENTS))
            if not population.holds(bound):
                continue
            steps = measure_steps(population, bound)
            if rule["kind"] in {"all", "any", "none"}:
                before = 0 if rule["kind"] == "any" else population.total
                for number, step in enumerate(steps):
                    assert step.place == (number,)
                    assert step.count == size_of(town, rule | {"rules": rule["rules"][: number + 1]})
                    assert step.change == step.count - before
                    before = step.count
            for effect in measure_effects(population, bound):
                rest = without(rule, effect.place)
                assert effect.alone == size_of(town, at(rule, effect.place))
                assert effect.without == (size_of(town, rest) if rest else population.total), (rule, effect)


@law
@example(seed=1, conditions=[MEASURED] * 6, others=[EVERYONE] * 6)
@given(seed=seeds, conditions=st.lists(MOVABLE, min_size=6, max_size=6), others=st.lists(TREES, min_size=6, max_size=6))
def test_a_curve_gives_the_size_of_the_audience_at_each_threshold(
    village: Services, seed: int, conditions: list[Json], others: list[Json]
) -> None:
    people = People(seed, SIZE)
    with open_town(village, people, CATALOGUE) as town:
        for kind, condition, other in zip(("all", "any", "none") * 2, conditions, others, strict=True):
            rule: Json = {"kind": kind, "rules": [other, {"kind": "none", "rules": [condition]}]}
            population = Population(town.version)
            if not held(town, population, rule):
                continue
            scope = town.context(SEGMENTS)
            bound = bind(load_rule(rule), scope)
            place = (1, 0)
            knobs = [knob for knob in knobs_of(bound) if knob.place == place]
            assert [knob.member for knob in knobs] == knobs_expected(condition)
            for knob in knobs:
                curve = measure_curve(population, bound, knob, context=scope)
                assert curve.thresholds[curve.current] == condition[knob.member]
                for step in {0, curve.current, len(curve.counts) // 2, len(curve.counts) - 1}:
                    threshold = curve.thresholds[step]
                    moved = turned(rule, place, knob.member, threshold)
                    assert curve.counts[step] == size_of(town, moved), (rule, threshold)


@law
@given(seed=seeds, rule=TREES, unknown=st.booleans(), cap=st.sampled_from((None, Cap(1, 7), Cap(2, 30))))
def test_who_will_be_messaged_is_what_eligibility_says_of_each(
    village: Services, seed: int, rule: Json, unknown: bool, cap: Cap | None
) -> None:
    people = People(seed, SIZE)
    policy = Policy(unknown, cap)
    with open_town(village, people, CATALOGUE) as town:
        population = Population(town.version)
        bound = bind(load_rule(rule), town.context(SEGMENTS))
        if not population.holds(bound):
            return
        found = measure_deliverable(population, population.find(bound), policy, NOW)
        audience = [stored_customer(subject.customer) for subject in town.subjects if matches(bound, subject)]
        everybody = [subject.customer for subject in town.subjects]
        contacts = contacts_of(everybody, town.stops, unknown_may_be_messaged=unknown)
        for channel in CHANNELS:
            verdicts = verdicts_of(audience, contacts, channel)
            assert found[channel].count == verdicts.count(None)
            assert {reason: n for reason, n in found[channel].reasons.items() if n} == {
                reason: verdicts.count(reason) for reason in set(verdicts) - {None}
            }


def verdicts_of(
    audience: list[StoredCustomer], contacts: Mapping[str, Mapping[str, Contact]], channel: str
) -> list[str | None]:
    """Of each in turn: an address gets one message."""
    taken: set[str] = set()
    verdicts: list[str | None] = []
    for each in audience:
        key, verdict = CHANNELS[channel].stored_key(each), contacts[each["_id"]][channel].barrier
        if verdict is None and key in taken:
            verdict = Reason.SAME_ADDRESS
        if verdict is None and key:
            taken.add(key)
        verdicts.append(verdict)
    return verdicts


@law
@given(seed=seeds, rule=TREES)
def test_a_profile_counts_each_customer_of_the_audience_and_of_everyone(
    village: Services, seed: int, rule: Json
) -> None:
    people = People(seed, SIZE)
    with open_town(village, people, CATALOGUE) as town:
        population = Population(town.version)
        bound = bind(load_rule(rule), town.context(SEGMENTS))
        if not population.holds(bound):
            return
        audience = population.find(bound)
        everybody = [subject.customer for subject in town.subjects]
        ours = [subject.customer for subject in town.subjects if matches(bound, subject)]
        for band in profile_spend(population, audience):
            low, high = (
                float("-inf") if band.low is None else band.low,
                float("inf") if band.high is None else band.high,
            )
            for said, customers in ((band.audience, ours), (band.everyone, everybody)):
                assert said == sum(low < customer["total_spend_minor"] <= high for customer in customers)
        bands = profile_recency(population, audience, NOW)
        assert sum(band.audience for band in bands) == len(ours)
        assert bands[-1].everyone == sum(customer.get("last_order_at") is None for customer in everybody)
        for band in bands[:-1]:
            ages = [(NOW - at_).total_seconds() / 86_400 for each in ours if (at_ := each.get("last_order_at"))]
            low, high = (
                float("-inf") if band.low is None else band.low,
                float("inf") if band.high is None else band.high,
            )
            assert band.audience == sum(low < age <= high for age in ages)
        for name in ("city", "tags", "categories"):
            shares = profile_values(population, audience, name)
            assert shares is not None
            values = [read_value(HELD.find(name), customer) for customer in ours]
            assert shares[-1].audience == values.count(None)
            for share in shares[:-1]:
                assert share.audience == sum(
                    share.value in value if isinstance(value, list) else share.value == value for value in values
                )


def test_a_customer_stands_in_one_part_of_the_snapshot_only(village: Services) -> None:
    people = People(1, SIZE)
    with open_town(village, people, CATALOGUE) as town:
        parts = town.version.parts
        living = [
            name
            for part in parts
            for name, lives in zip(part.shard.ids, unpack(part.alive, part.shard.size), strict=True)
            if lives
        ]
        assert len(parts) > 1
        assert sorted(living) == sorted(subject.customer["_id"] for subject in town.subjects)
        assert town.version.total == len(living) == sum(count(part.alive) for part in parts)
        empty = replace(parts[0].shard.columns, size=0)
        erased = town.version.changed(living[:3], replace(parts[0].shard, columns=empty, ids=IdTable.of([])))
        assert erased.total == len(living) - 3
