"""What a rule is read against: the fields there are, the moment, the currency, the saved segments, the campaigns."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Protocol, TypeAlias

from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS, Channels
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


@dataclass(frozen=True)
class CampaignDefinition:
    """A campaign as a rule sees it. has_namesakes: whether another one has its name."""

    id: str
    name: str
    has_namesakes: bool = False


class CampaignSource(Protocol):
    """Where the campaigns are whose messages a rule may count."""

    def find(self, campaign_id: str) -> CampaignDefinition | None: ...

    def find_named(self, name: str) -> Sequence[CampaignDefinition]: ...

    def find_tagged(self, tag: str) -> frozenset[str]:
        """The ids of those that have the tag, compared without case."""
        ...

    def names(self) -> Sequence[str]:
        """For suggestions."""
        ...


class KnownCampaigns:
    """Campaigns that are at hand. campaigns: id to name. tags: id to tags."""

    def __init__(self, campaigns: Mapping[str, str] | None = None, tags: Mapping[str, Iterable[str]] | None = None):
        self._campaigns = dict(campaigns or {})
        self._tags = {campaign: frozenset(each) for campaign, each in (tags or {}).items()}

    def find(self, campaign_id: str) -> CampaignDefinition | None:
        name = self._campaigns.get(campaign_id)
        if name is None:
            return None
        return CampaignDefinition(campaign_id, name, has_namesakes=list(self._campaigns.values()).count(name) > 1)

    def find_named(self, name: str) -> Sequence[CampaignDefinition]:
        found = (self.find(campaign) for campaign, known in self._campaigns.items() if known == name)
        return [each for each in found if each]

    def find_tagged(self, tag: str) -> frozenset[str]:
        wanted = tag.casefold()
        return frozenset(each for each, tags in self._tags.items() if wanted in map(str.casefold, tags))

    def names(self) -> Sequence[str]:
        return list(self._campaigns.values())

    def labels(self) -> dict[str, str]:
        """Id to name; namesakes are told apart by their ids."""
        count = Counter(self._campaigns.values())
        return {each: name if count[name] == 1 else f"{name} ({each})" for each, name in self._campaigns.items()}

    def tags(self) -> list[str]:
        """All that they have, in order."""
        return sorted({tag for tags in self._tags.values() for tag in tags})


class ErasedSource(Protocol):
    """Addresses of which only hashes were kept when somebody was erased, and which somebody has again."""

    def entries(self, channel: Channel, reason: str | None) -> frozenset[str]:
        """Those that are suppressed on the channel, for that reason if one is given, as ``address_keys`` hold them."""
        ...


class NoneErased:
    """For whoever does not ask the database by a query: all others compute the hashes of the customers they look at."""

    def entries(self, channel: Channel, reason: str | None) -> frozenset[str]:
        return frozenset()


BUILT_IN = Catalogue()
NO_SEGMENTS = KnownSegments()
NO_CAMPAIGNS = KnownCampaigns()
NO_RANKS = NoRanks()
NONE_ERASED = NoneErased()


@dataclass(frozen=True)
class RuleContext:
    """now: aware UTC; relative windows end there. It is taken to the millisecond, as the database keeps times.

    digits: minor digits of the currency. fold: how texts compare, the same that stored texts were folded by. zone: a
    date is a day there. unknown_may_be_messaged: where no consent is known.
    """

    now: datetime
    digits: int
    fold: Callable[[str], str]
    catalogue: Catalogue = BUILT_IN
    segments: SegmentSource = NO_SEGMENTS
    zone: tzinfo = UTC
    ranks: RankSource = NO_RANKS
    campaigns: CampaignSource = NO_CAMPAIGNS
    channels: Channels = field(default_factory=lambda: CHANNELS)
    unknown_may_be_messaged: bool = True
    erased: ErasedSource = NONE_ERASED

    def __post_init__(self) -> None:
        object.__setattr__(self, "now", self.now - self.now.microsecond % 1000 * timedelta(microseconds=1))
