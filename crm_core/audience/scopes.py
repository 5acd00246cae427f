"""What rules are read against in this workspace: its attributes, its currency, and its saved segments."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from pymongo.client_session import ClientSession

from crm_core.customers.attributes import Attributes
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.text import fold
from crm_core.rules.fields import Catalogue, FieldType
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.scope import KnownSegments, Scope, SegmentDefinition, SegmentSource

MOST_SUGGESTED = 1000


class Scopes:
    """digits: minor digits of the workspace's currency."""

    def __init__(self, db: Db, attributes: Attributes, clock: Clock, *, digits: int) -> None:
        self._db = db
        self._attributes = attributes
        self._clock = clock
        self._digits = digits

    def scope(self, now: datetime | None = None, segments: SegmentSource | None = None) -> Scope:
        """The scope of this moment, or of ``now``. segments: instead of those that are saved."""
        types = {each.name: FieldType(each.type) if each.type else None for each in self._attributes.all()}
        source = segments or StoredSegments(self._db)
        return Scope(now or self._clock(), self._digits, fold, Catalogue(types), source)


class StoredSegments:
    """The saved segments, each read once: what is bound sees one version of each."""

    def __init__(self, db: Db, session: ClientSession | None = None) -> None:
        self._segments = db.segments
        self._session = session
        self._known: dict[str, SegmentDefinition | None] = {}

    def find(self, segment_id: str) -> SegmentDefinition | None:
        if segment_id not in self._known:
            self._known[segment_id] = self._read({"_id": segment_id})
        return self._known[segment_id]

    def find_named(self, name: str) -> SegmentDefinition | None:
        return self._read({"name": name})

    def names(self) -> Sequence[str]:
        with translated(self._session):
            rows = self._segments.find({}, {"name": 1}, session=self._session).sort("name", 1).limit(MOST_SUGGESTED)
            return [row["name"] for row in rows]

    def _read(self, query: Doc) -> SegmentDefinition | None:
        with translated(self._session):
            row = self._segments.find_one(query, {"name": 1, "version": 1, "rule": 1}, session=self._session)
        return SegmentDefinition(row["_id"], row["name"], row["version"], load_rule(row["rule"])) if row else None


class FrozenSegments(KnownSegments):
    """The segments as a campaign froze them: what became of them since does not matter to it."""

    def __init__(self, frozen: Iterable[Doc]) -> None:
        super().__init__(
            SegmentDefinition(row["segment_id"], row["name"], row["version"], load_rule(row["rule"])) for row in frozen
        )

    @staticmethod
    def freeze(segments: Iterable[SegmentDefinition]) -> list[Doc]:
        """As the campaign keeps them."""
        distinct = {segment.id: segment for segment in segments}
        return [
            {"segment_id": each.id, "name": each.name, "version": each.version, "rule": dump_rule(each.rule)}
            for each in distinct.values()
        ]
