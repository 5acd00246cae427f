"""What rules are read against in this workspace: its attributes, its currency, and its saved segments."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from pymongo.client_session import ClientSession

from crm_core.audience.model import FrozenSegment, definition_of, segments_in
from crm_core.customers.attributes import REMEMBERED_S, Attributes
from crm_core.customers.event_properties import EventProperties
from crm_core.errors import Unavailable
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.names import name_key
from crm_core.infra.remembered import Remembered
from crm_core.infra.text import fold
from crm_core.rules.context import (
    NO_RANKS,
    NONE_ERASED,
    CampaignDefinition,
    CampaignSource,
    ErasedSource,
    KnownCampaigns,
    KnownSegments,
    RankSource,
    RuleContext,
    SegmentDefinition,
    SegmentSource,
)
from crm_core.rules.fields import Catalogue, FieldType, build_fields
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.schema.customer import CUSTOMER
from crm_core.schema.fields import RecordSchema
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.reading import Workspace

MAX_SUGGESTED = 1000
LATEST_EVENTS = 100_000
TIME_LIMIT_MS = 10_000


class RuleContexts:
    def __init__(
        self,
        db: Db,
        attributes: Attributes,
        event_properties: EventProperties,
        clock: Clock,
        workspace: Workspace[WorkspaceSettings],
        customers: RecordSchema = CUSTOMER,
    ) -> None:
        self._db = db
        self._segments = segments_in(db)
        self._fields = build_fields(customers)
        self._attributes = attributes
        self._event_properties = event_properties
        self._clock = clock
        self._workspace = workspace
        self._known = Remembered(
            lambda: (self._read_catalogue(), self._read_segment_names(), self._read_campaigns()), for_s=REMEMBERED_S
        )

    def catalogue(self) -> Catalogue:
        """The fields, at most 5 s old; during an outage of the database those known last."""
        return self._known.get()[0]

    def segment_names(self) -> Mapping[str, str]:
        """Id to name of saved segments, by name; as old as the catalogue."""
        return self._known.get()[1]

    def campaigns(self) -> KnownCampaigns:
        """As old as the catalogue, the newest first."""
        return self._known.get()[2]

    def zone(self) -> ZoneInfo:
        """In which a date is a day."""
        return self._workspace.current().zone

    @property
    def failure(self) -> Unavailable | None:
        """Why catalogue, names of segments and campaigns are older than 5 s."""
        return self._known.failure

    def event_types(self) -> list[str]:
        """Of the latest events, the most frequent first."""
        stages: list[Doc] = [{"$limit": LATEST_EVENTS}, {"$sortByCount": "$type"}, {"$limit": MAX_SUGGESTED}]
        with translated():
            rows = self._db.events.aggregate(stages, hint={"$natural": -1}, maxTimeMS=TIME_LIMIT_MS)
            return [row["_id"] for row in rows]

    def context(
        self,
        now: datetime | None = None,
        segments: SegmentSource | None = None,
        zone: tzinfo | None = None,
        *,
        ranks: RankSource = NO_RANKS,
        erased: ErasedSource = NONE_ERASED,
    ) -> RuleContext:
        """The context of this moment, or of ``now``.

        segments, zone: instead of those that are saved. ranks: for whoever evaluates a rule; to find one costs seconds,
        and to check a rule or to word it needs none. erased: for whoever evaluates one in the database.
        """
        campaigns = StoredCampaigns(self._db)
        return self._context(self._read_catalogue(), now, segments, zone, ranks, campaigns, erased)

    def remembered_context(self, segments: SegmentSource | None = None, *, ranks: RankSource = NO_RANKS) -> RuleContext:
        """The context of this moment with the fields as ``catalogue`` has them. Raises Unavailable as that does."""
        return self._context(self.catalogue(), None, segments, None, ranks, self.campaigns())

    def _context(
        self,
        catalogue: Catalogue,
        now: datetime | None,
        segments: SegmentSource | None,
        zone: tzinfo | None,
        ranks: RankSource,
        campaigns: CampaignSource,
        erased: ErasedSource = NONE_ERASED,
    ) -> RuleContext:
        settings = self._workspace.current()
        source = segments or StoredSegments(self._db)
        moment = now or self._clock()
        return RuleContext(
            moment,
            settings.currency_digits,
            fold,
            catalogue,
            source,
            zone or settings.zone,
            ranks,
            campaigns,
            unknown_may_be_messaged=settings.message_unknown_consent,
            erased=erased,
        )

    def _read_catalogue(self) -> Catalogue:
        known = [each for each in self._attributes.all() if each.is_known]
        types = {each.name: FieldType(each.type) if each.type else None for each in known}
        properties = {key: FieldType(kind) if kind else None for key, kind in self._event_properties.types().items()}
        return Catalogue(types, self._fields, properties)

    def _read_segment_names(self) -> Mapping[str, str]:
        with translated():
            rows = self._segments.find({}, {"name": 1}).sort("name", 1)
            return {row["_id"]: row["name"] for row in rows}

    def _read_campaigns(self) -> KnownCampaigns:
        with translated():
            rows = list(self._db.campaigns.find({}, {"name": 1, "tags": 1}).sort("created_at", -1))
        names = {row["_id"]: row["name"] for row in rows}
        return KnownCampaigns(names, {row["_id"]: row["tags"] for row in rows if row.get("tags")})


class StoredSegments:
    """The saved segments, each read once: what is bound sees one version of each."""

    def __init__(self, db: Db, session: ClientSession | None = None) -> None:
        self._segments = segments_in(db)
        self._session = session
        self._known: dict[str, SegmentDefinition | None] = {}

    def find(self, segment_id: str) -> SegmentDefinition | None:
        if segment_id not in self._known:
            self._known[segment_id] = self._read({"_id": segment_id})
        return self._known[segment_id]

    def find_named(self, name: str) -> SegmentDefinition | None:
        """The segment of that name, or else of one that looks the same."""
        return self._read({"name": name}) or self._find_alike(name_key(name))

    def _find_alike(self, key: str) -> SegmentDefinition | None:
        with translated(self._session):
            rows = list(self._segments.find({}, {"name": 1}, session=self._session))
        found = next((row["_id"] for row in rows if name_key(row["name"]) == key), None)
        return self.find(found) if found else None

    def names(self) -> Sequence[str]:
        with translated(self._session):
            rows = self._segments.find({}, {"name": 1}, session=self._session).sort("name", 1)
            return [row["name"] for row in rows]

    def _read(self, query: Doc) -> SegmentDefinition | None:
        with translated(self._session):
            row = self._segments.find_one(query, {"name": 1, "version": 1, "rule": 1}, session=self._session)
        return definition_of(row) if row else None


class StoredCampaigns:
    """The campaigns, archived ones too, each read when a rule names it."""

    def __init__(self, db: Db) -> None:
        self._campaigns = db.campaigns

    def find(self, campaign_id: str) -> CampaignDefinition | None:
        found = self._read({"_id": campaign_id})
        if not found:
            return None
        has_namesakes = len(self._read({"name": found[0]["name"]})) > 1
        return CampaignDefinition(campaign_id, found[0]["name"], has_namesakes=has_namesakes)

    def find_named(self, name: str) -> Sequence[CampaignDefinition]:
        found = self._read({"name": name})
        return [CampaignDefinition(row["_id"], row["name"], has_namesakes=len(found) > 1) for row in found]

    def find_tagged(self, tag: str) -> frozenset[str]:
        """All tags are looked at: campaigns are few, and tags compare without case."""
        with translated():
            rows = self._campaigns.find({"tags.0": {"$exists": True}}, {"tags": 1})
            return frozenset(row["_id"] for row in rows if fold(tag) in map(fold, row["tags"]))

    def names(self) -> Sequence[str]:
        with translated():
            return self._campaigns.distinct("name")

    def _read(self, query: Doc) -> Sequence[Doc]:
        with translated():
            return list(self._campaigns.find(query, {"name": 1}))


class FrozenSegments(KnownSegments):
    """The segments as a campaign froze them: what became of them since does not matter to it."""

    def __init__(self, frozen: Iterable[FrozenSegment]) -> None:
        super().__init__(
            SegmentDefinition(row["segment_id"], row["name"], row["version"], load_rule(row["rule"])) for row in frozen
        )

    @staticmethod
    def freeze(segments: Iterable[SegmentDefinition]) -> list[FrozenSegment]:
        """As the campaign keeps them."""
        distinct = {segment.id: segment for segment in segments}
        return [
            {"segment_id": each.id, "name": each.name, "version": each.version, "rule": dump_rule(each.rule)}
            for each in distinct.values()
        ]
