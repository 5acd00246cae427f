"""What another time zone would do: which saved segments ask for a day, and how many customers each would have."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo

from crm_core.audience.contexts import RuleContexts
from crm_core.audience.evaluation import Audience
from crm_core.audience.model import segments_in
from crm_core.errors import InvalidInput
from crm_core.infra.mongo import Db, translated
from crm_core.infra.paging import READ_AT_ONCE
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound, BoundComparison, BoundField, BoundSegment, walk_bound
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import FieldType
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import Takes
from crm_core.rules.predicates import Yearly

BY_NAME = [("name", 1), ("_id", 1)]


@dataclass(frozen=True)
class ZoneEffect:
    """before, after: customers of the segment now, in the present zone and in the other one."""

    segment_id: str
    name: str
    before: int
    after: int


class ZoneEffects:
    def __init__(self, db: Db, audience: Audience, contexts: RuleContexts) -> None:
        self._segments = segments_in(db)
        self._audience = audience
        self._contexts = contexts

    def of(self, zone: tzinfo) -> list[ZoneEffect]:
        """Of every segment with a date in its rule, or in that of a segment that it uses, by name."""
        context = self._contexts.context()
        with translated():
            return [*self._effects(zone, context)]

    def _effects(self, zone: tzinfo, context: RuleContext) -> Iterator[ZoneEffect]:
        """One segment is held at a time: its rule may be large."""
        for row in self._segments.find({}, {"name": 1, "rule": 1}).sort(BY_NAME).batch_size(READ_AT_ONCE):
            rule = load_rule(row["rule"])
            try:
                is_affected = asks_for_a_day(bind(rule, context))
            except InvalidInput:  # it has become impossible, whatever the zone
                continue
            if is_affected:
                before, after = (
                    self._audience.count(rule, now=context.now, zone=each) for each in (context.zone, zone)
                )
                yield ZoneEffect(row["_id"], row["name"], before, after)


def asks_for_a_day(bound: Bound) -> bool:
    """Whether a day of the zone matters to the rule; windows of days are hours, which are the same everywhere."""
    return any(_is_day(condition) for _, condition in walk_bound(bound))


def _is_day(condition: object) -> bool:
    if isinstance(condition, BoundSegment):
        return asks_for_a_day(condition.child)
    if isinstance(condition, BoundComparison):
        return condition.field.type is FieldType.DATE
    return (
        isinstance(condition, BoundField)
        and condition.field.type is FieldType.DATE
        and (condition.operator.takes in {Takes.ONE, Takes.RANGE} or isinstance(condition.predicate, Yearly))
    )
