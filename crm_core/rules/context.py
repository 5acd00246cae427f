"""What a rule is read against: the fields there are, the moment, the currency, and the saved segments."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Protocol, TypeAlias

from crm_core.rules.fields import Catalogue, CustomerField
from crm_core.rules.tree import AnyRule

Rank: TypeAlias = int | float | Fraction


@dataclass(frozen=True)
class SegmentDefinition:
    """A saved segment as a rule sees it."""

    id: str
    name: str
    version: int
    rule: AnyRule


class SegmentSource(Protocol):
    """Where the segments are that a rule may name."""

    def find(self, segment_id: str) -> SegmentDefinition | None: ...

    def find_named(self, name: str) -> SegmentDefinition | None: ...

    def names(self) -> Sequence[str]:
        """For suggestions."""
        ...


class RankSource(Protocol):
    """What customers have of a field, as of the moment at which it is asked."""

    def threshold(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        """The value as it is stored, an average exact, that the last of these customers has: of the n who have one the
        ``places(percent, n)`` with the highest, or with the lowest. None where nobody has one."""
        ...


class NoRanks:
    """For rules that are only checked and put into words: nobody has a value."""

    def threshold(self, found: CustomerField, percent: Decimal, *, is_top: bool) -> Rank | None:
        return None


class KnownSegments:
    """Segments that are at hand: none, or those that somebody kept."""

    def __init__(self, segments: Iterable[SegmentDefinition] = ()) -> None:
        self._known = {segment.id: segment for segment in segments}

    def find(self, segment_id: str) -> SegmentDefinition | None:
        return self._known.get(segment_id)

    def find_named(self, name: str) -> SegmentDefinition | None:
        return next((segment for segment in self._known.values() if segment.name == name), None)

    def names(self) -> Sequence[str]:
        return [segment.name for segment in self._known.values()]


BUILT_IN = Catalogue()
NO_SEGMENTS = KnownSegments()
NO_RANKS = NoRanks()


@dataclass(frozen=True)
class RuleContext:
    """now: aware UTC; relative windows end there. It is taken to the millisecond, as the database keeps times.

    digits: minor digits of the currency. fold: how texts compare, the same that stored texts were folded by. zone: a
    date is a day there.
    """

    now: datetime
    digits: int
    fold: Callable[[str], str]
    catalogue: Catalogue = BUILT_IN
    segments: SegmentSource = NO_SEGMENTS
    zone: tzinfo = UTC
    ranks: RankSource = NO_RANKS

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", self.now - self.now.microsecond % 1000 * timedelta(microseconds=1))
