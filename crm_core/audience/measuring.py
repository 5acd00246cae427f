"""Counts of a preview over the snapshot: the waterfall, the effect of each condition, who can be messaged."""

from collections.abc import Mapping
from datetime import datetime

from crm_core.audience.eligibility import Policy, Reason
from crm_core.audience.preview import Deliverable, Effect, WaterfallStep
from crm_core.audience.reach import count_recent, ineligible, is_free
from crm_core.audience.snapshot.bits import Bits, count
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.shard import Shard
from crm_core.channels.registry import CHANNELS
from crm_core.rules.bound import Bound, BoundGroup, walk_bound
from crm_core.rules.engines.columns import Mask


def measure_steps(population: Population, bound: Bound) -> tuple[WaterfallStep, ...]:
    """From everyone to the audience, or of an ``any`` group from nobody, one rule of the root after another."""
    if not isinstance(bound, BoundGroup):
        found = count(population.find(bound))
        return (WaterfallStep((), found, found - population.total),)
    is_any = bound.rule.kind == "any"
    left = (population.nobody if is_any else population.everyone).copy()
    before, steps = count(left), []
    for number, child in enumerate(bound.children):
        one = population.find(child)
        if is_any:
            left |= one
        else:
            left &= one if bound.rule.kind == "all" else ~one
        after = count(left)
        steps.append(WaterfallStep((number,), after, after - before))
        before = after
    return tuple(steps)


def measure_effects(population: Population, bound: Bound) -> tuple[Effect, ...]:
    return tuple(
        Effect(place, count(population.find(condition)), count(population.find_without(bound, place)))
        for place, condition in walk_bound(bound)
    )


def measure_deliverable(
    population: Population, audience: Bits, policy: Policy, now: datetime
) -> Mapping[str, Deliverable]:
    """By channel."""
    size = count(audience)
    found: dict[str, Deliverable] = {}
    for channel in CHANNELS:
        refused = {reason: _refused(population, channel, reason, policy, now) for reason in _reasons(policy)}
        same_address = 0
        if shared := population.shared(CHANNELS[channel].address):
            verdicts = shared.refuse(channel, policy, now)
            refused = {reason: shared.written_over(some, verdicts[reason]) for reason, some in refused.items()}
            same_address = shared.count_repeated(is_free(verdicts) & shared.inside(audience))
        reasons = {reason: count(audience & some) for reason, some in refused.items()}
        reasons[Reason.SAME_ADDRESS] = same_address
        found[channel] = Deliverable(size - sum(reasons.values()), reasons)
    return found


def _reasons(policy: Policy) -> list[Reason]:
    """Those that somebody in the database can have by themselves."""
    left_out = {Reason.CUSTOMER_GONE, Reason.SAME_ADDRESS} | (set() if policy.cap else {Reason.FREQUENCY_CAP})
    return [reason for reason in Reason if reason not in left_out]


def _refused(population: Population, channel: str, reason: Reason, policy: Policy, now: datetime) -> Bits:
    moment = now if policy.cap else None  # without a cap it is the same at any time, and is remembered
    return population.collect(
        (channel, reason, policy, moment), lambda shard: _asked(shard, channel, policy, now)[reason]
    )


def _asked(shard: Shard, channel: str, policy: Policy, now: datetime) -> dict[Reason, Mask]:
    sends = shard.sends
    recent = count_recent(
        sends.customers, sends.times, sends.channels, size=shard.size, channel=channel, policy=policy, now=now
    )
    return ineligible(shard.reach, recent, channel, policy)
