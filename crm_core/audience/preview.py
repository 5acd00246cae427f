"""What a preview says of a rule: how many match, why, and who of them can be messaged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crm_core.audience.eligibility import Reason
from crm_core.customers.model import Customer


class Source(StrEnum):
    """Where it was counted."""

    MEMORY = "memory"
    DATABASE = "database"


@dataclass(frozen=True)
class WaterfallStep:
    """One rule of the root group. count: who is left after it, of an ``any`` group who is in by then.

    change: by how many that is fewer, or more, than before it.
    """

    place: tuple[int, ...]
    count: int
    change: int


@dataclass(frozen=True)
class Effect:
    """One condition. alone: who match it by itself. without: who match the rule if it is taken out."""

    place: tuple[int, ...]
    alone: int
    without: int


@dataclass(frozen=True)
class Deliverable:
    """count: who will be messaged over the channel. reasons: why the others will not; it adds up to the audience."""

    count: int
    reasons: Mapping[Reason, int]


@dataclass(frozen=True)
class Preview:
    """count: exact, of ``total`` customers, as the data was at ``as_of``, aware UTC. took_ms: milliseconds.

    sample: the first by id. steps, effects, deliverable (by channel): None when counted in the database.
    """

    count: int
    total: int
    as_of: datetime
    took_ms: float
    source: Source = Source.DATABASE
    sample: list[Customer] = field(default_factory=list)
    steps: tuple[WaterfallStep, ...] | None = None
    effects: tuple[Effect, ...] | None = None
    deliverable: Mapping[str, Deliverable] | None = None
