"""Previews of rules: over the snapshot, or in the database where the snapshot cannot say."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.audience.contexts import RuleContexts
from crm_core.audience.counting import Counting
from crm_core.audience.curve import Curve, Knob, measure_curve
from crm_core.audience.eligibility import Policy
from crm_core.audience.evaluation import Audience
from crm_core.audience.measuring import measure_deliverable, measure_effects, measure_steps
from crm_core.audience.preview import Deliverable, Preview, Source
from crm_core.audience.profile import Band, ValueShare, profile_recency, profile_spend, profile_values
from crm_core.audience.snapshot.bits import Bits, count
from crm_core.audience.snapshot.keeper import Keeper
from crm_core.audience.snapshot.needs import Extra
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.ranks import SnapshotRanks
from crm_core.customers.model import Customer
from crm_core.customers.reading import CustomerReader
from crm_core.infra.mongo import Db
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound, asks_for_items, counts_messages, properties_of, records_in
from crm_core.rules.context import RuleContext
from crm_core.rules.tree import AnyRule

PATIENCE_S = 3.0


@dataclass(frozen=True)
class _Question:
    """A rule, whom it is asked of, and as of when these were as they are."""

    bound: Bound
    population: Population
    as_of: datetime
    context: RuleContext


class Previews:
    def __init__(
        self,
        db: Db,
        reads: PersonalReads,
        keeper: Keeper,
        audience: Audience,
        contexts: RuleContexts,
        reader: CustomerReader,
        policy: Callable[[], Policy],
    ) -> None:
        self._db = db
        self._reads = reads
        self._keeper = keeper
        self._audience = audience
        self._contexts = contexts
        self._reader = reader
        self._policy = policy

    def preview(
        self, rule: AnyRule, *, actor: Actor, sample: int = 0, now: datetime | None = None, is_fresh: bool = False
    ) -> Preview:
        """Whom the rule reaches, over the snapshot or in the database. Raises BadRule, Unavailable.

        now: of relative windows, if not this moment. is_fresh: waits until all that was stored before is in it; else it
        is as of a moment ago, as ``as_of`` says. sample: so many customers with it, for those who may see customers.
        """
        self._reads.require_sample(actor, sample)
        found = self.in_memory(rule, actor=actor, sample=sample, now=now, is_fresh=is_fresh)
        return found or self._audience.preview(rule, sample=sample, now=now)

    def in_memory(
        self, rule: AnyRule, *, actor: Actor, sample: int = 0, now: datetime | None = None, is_fresh: bool = False
    ) -> Preview | None:
        """The same over the snapshot; None when it cannot say. Raises BadRule."""
        self._reads.require_sample(actor, sample)
        started = time.perf_counter()
        asked = self._ask(rule, now, is_fresh=is_fresh)
        if asked is None:
            return None
        population, bound = asked.population, asked.bound
        found = population.find(bound)
        made = Preview(
            count(found),
            population.total,
            asked.context.now if now or is_fresh else asked.as_of,
            0.0,
            Source.MEMORY,
            self._reader.by_ids(population.first_ids(found, sample)) if sample else [],
            measure_steps(population, bound),
            measure_effects(population, bound),
            self._deliverable(asked, found),
        )
        return replace(made, took_ms=(time.perf_counter() - started) * 1000)

    def start_counting(self, rule: AnyRule, *, actor: Actor, sample: int) -> Counting:
        """Count in the database, without waiting for it. Raises Unavailable."""
        self._reads.require_sample(actor, sample)
        return Counting(self._db, self._audience, rule, sample=sample)

    def sample(self, rule: AnyRule, size: int, *, actor: Actor) -> list[Customer] | None:
        """The first by id who match; None when the snapshot cannot say. Raises BadRule, Unavailable."""
        self._reads.require_sample(actor, size)
        asked = self._ask(rule)
        if asked is None:
            return None
        return self._reader.by_ids(asked.population.first_ids(asked.population.find(asked.bound), size))

    def spend(self, rule: AnyRule, *, actor: Actor) -> list[Band] | None:
        """The audience against everyone by total spend; None when the snapshot cannot say."""
        actor.require(Permission.READ_FIGURES)
        asked = self._ask(rule)
        return profile_spend(asked.population, asked.population.find(asked.bound)) if asked else None

    def recency(self, rule: AnyRule, *, actor: Actor) -> list[Band] | None:
        """The same by days since the last order."""
        actor.require(Permission.READ_FIGURES)
        asked = self._ask(rule)
        return (
            profile_recency(asked.population, asked.population.find(asked.bound), asked.context.now) if asked else None
        )

    def values(self, rule: AnyRule, field: str, *, actor: Actor) -> list[ValueShare] | None:
        """The same by the values of a text or list field."""
        actor.require(Permission.READ_FIGURES)
        asked = self._ask(rule)
        return profile_values(asked.population, asked.population.find(asked.bound), field) if asked else None

    def curve(self, rule: AnyRule, knob: Knob, *, actor: Actor) -> Curve | None:
        """The audience over the values that a knob of the rule can take; None when the snapshot cannot say."""
        actor.require(Permission.READ_FIGURES)
        asked = self._ask(rule)
        return measure_curve(asked.population, asked.bound, knob, context=asked.context) if asked else None

    def _deliverable(self, asked: _Question, audience: Bits) -> Mapping[str, Deliverable] | None:
        """None while a cap is new and the snapshot has not yet read the messages that it counts."""
        policy = self._policy()
        if policy.cap and not asked.population.has_sends:
            return None
        return measure_deliverable(asked.population, audience, policy, asked.context.now)

    def _ask(self, rule: AnyRule, now: datetime | None = None, *, is_fresh: bool = False) -> _Question | None:
        """None when there is no snapshot, or a field is not in it. Messages, items of orders and properties of events
        will be, once somebody has asked for some."""
        state = self._keeper.caught_up(PATIENCE_S) if is_fresh else self._keeper.state
        if state.version is None or state.as_of is None:
            return None
        ranks = SnapshotRanks(state.version)
        is_exact = now or is_fresh
        contexts = self._contexts
        context = contexts.context(now, ranks=ranks) if is_exact else contexts.remembered_context(ranks=ranks)
        bound = bind(rule, context)
        population = Population(state.version)
        if population.holds(bound):
            return _Question(bound, population, state.as_of, context)
        self._keeper.want(_extras_of(bound))
        self._keeper.want_properties({name for each in records_in(bound) for name in properties_of(each)})
        return None


def _extras_of(bound: Bound) -> frozenset[Extra]:
    asked = {Extra.MESSAGES: counts_messages(bound), Extra.ITEMS: asks_for_items(bound)}
    return frozenset(extra for extra, is_asked in asked.items() if is_asked)
