"""One rule, five ways: in MongoDB, over columns, over a snapshot in parts, customer by customer, and explained."""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import numpy as np

from crm_core.audience.erased_addresses import StoredErased
from crm_core.audience.ranks import StoredRanks
from crm_core.audience.snapshot.loading import Loader
from crm_core.audience.snapshot.merging import merge
from crm_core.audience.snapshot.population import Population
from crm_core.audience.snapshot.ranks import SnapshotRanks
from crm_core.audience.snapshot.version import Part, Version
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Stream
from crm_core.infra.text import fold
from crm_core.rules.bound import Bound, BoundReach, conditions_in
from crm_core.rules.context import CampaignSource, KnownCampaigns, RuleContext, SegmentSource
from crm_core.rules.engines.columns import Columns
from crm_core.rules.engines.encoding import encode
from crm_core.rules.engines.explaining import explain
from crm_core.rules.engines.mask import mask
from crm_core.rules.engines.mongo import to_mongo, to_mongo_unordered
from crm_core.rules.engines.mongo_ranges import Stage
from crm_core.rules.engines.single import Subject, matches
from crm_core.rules.fields import Catalogue
from crm_core.services import Services
from tests.engines.people import CAMPAIGNS, NOW, TAGS, People
from tests.engines.ranks import AgreedRanks, MemoryRanks
from tests.engines.stops import Stop, contacts_of
from tests.integration.feeding import make_entry, read_state

RECORDS = ("orders", "events", "messages")


@dataclass(frozen=True)
class Town:
    """A population, in the database and in memory. stops: its suppressions."""

    services: Services
    subjects: list[Subject]
    columns: Columns
    version: Version
    catalogue: Catalogue
    campaigns: CampaignSource
    stops: Sequence[Stop] = ()

    def context(
        self,
        segments: SegmentSource,
        now: datetime = NOW,
        zone: tzinfo = UTC,
        *,
        unknown_may_be_messaged: bool = True,
    ) -> RuleContext:
        customers = [subject.customer for subject in self.subjects]
        ranks = AgreedRanks(MemoryRanks(customers), StoredRanks(self.services.db), SnapshotRanks(self.version))
        digits = self.services.workspace.digits()
        return RuleContext(
            now,
            digits,
            fold,
            self.catalogue,
            segments,
            zone,
            ranks,
            self.campaigns,
            unknown_may_be_messaged=unknown_may_be_messaged,
            erased=StoredErased(self.services.db),
        )

    def _stored(self, stages: list[Stage]) -> list[str]:
        found = self.services.db.customers.aggregate([*stages, {"$project": {"_id": 1}}])
        return sorted(row["_id"] for row in found)

    def subjects_for(self, asked: Sequence[BoundReach]) -> list[Subject]:
        """With who is reached by the policy that these conditions are bound to."""
        if all(each.unknown_may_be_messaged for each in asked):
            return self.subjects
        contacts = contacts_of([each.customer for each in self.subjects], self.stops, unknown_may_be_messaged=False)
        return [replace(each, contacts=contacts[each.customer["_id"]]) for each in self.subjects]

    def by_engine(self, bound: Bound) -> dict[str, list[str]]:
        """The ids of those who match, in order, by each engine."""
        ids = [subject.customer["_id"] for subject in self.subjects]
        digits = self.services.workspace.digits()
        in_order, in_any = self._stored(to_mongo(bound)), self._stored(to_mongo_unordered(bound))
        population = Population(self.version)
        asked = [each for each in conditions_in(bound) if isinstance(each, BoundReach)]
        subjects = self.subjects_for(asked)  # who is reached is asked of the whole snapshot alone
        in_columns = {} if asked else {"mask": [ids[row] for row in np.flatnonzero(mask(bound, self.columns))]}
        return {
            "mongo": in_order,
            "mongo, unordered": in_any,
            "single": [name for name, subject in zip(ids, subjects, strict=True) if matches(bound, subject)],
            "explained": [
                name
                for name, subject in zip(ids, subjects, strict=True)
                if explain(bound, subject, digits=digits).matches
            ],
            **in_columns,
        } | ({"snapshot": population.first_ids(population.find(bound), len(ids))} if population.holds(bound) else {})


@contextmanager
def open_town(services: Services, people: People, catalogue: Catalogue) -> Iterator[Town]:
    """Store what the API would take, as the ingest worker does, and the messages, in an emptied database."""
    for name in ("customers", "suppressions", *RECORDS):
        services.db[name].delete_many({})
    streams = ((Stream.CUSTOMERS, people.customers), (Stream.ORDERS, people.orders), (Stream.EVENTS, people.events))
    for stream, records in streams:
        if records:
            refused = services.persister.store([make_entry(stream, record, at=NOW) for record in records])
            assert not refused, refused
    if people.messages:
        services.db.messages.insert_many(people.messages)
    yield build_town(services, catalogue, KnownCampaigns(CAMPAIGNS, TAGS), people.stops)


def build_town(services: Services, catalogue: Catalogue, campaigns: CampaignSource, stops: Sequence[Stop] = ()) -> Town:
    """Over what the database holds now, and these suppressions."""
    services.suppressions.put_all(each.to_row(services.pseudonyms) for each in stops)
    customers = read_state(services)["customers"]
    state = {name: list(services.db[name].find().sort("_id", 1)) for name in RECORDS}
    columns = encode(customers, state["orders"], state["events"], state["messages"], catalogue)
    mine: dict[str, defaultdict[str, list[Doc]]] = {name: defaultdict(list) for name in RECORDS}
    for name, records in mine.items():
        for record in state[name]:
            records[record["customer_id"]].append(record)
    contacts = contacts_of(customers, stops, unknown_may_be_messaged=True)
    subjects = [
        Subject(each, contacts=contacts[each["_id"]], **{name: mine[name][each["_id"]] for name in RECORDS})
        for each in customers
    ]
    return Town(services, subjects, columns, _in_parts(services, catalogue), catalogue, campaigns, stops)


def _in_parts(services: Services, catalogue: Catalogue) -> Version:
    """A snapshot as it is after changes: some customers were read again, once and twice, and parts were merged."""
    loader = Loader(
        services.db,
        catalogue.fields,
        reads_sends=False,
        holds_messages=True,
        holds_items=True,
        properties=catalogue.event_properties(),
    )
    shard = loader.load_all()
    ids = list(shard.ids)
    version = Version((Part.whole(shard),)).changed(ids[::3], loader.load_some(ids[::3]))
    version = version.changed(ids[::2], loader.load_some(ids[::2]))
    *rest, before, last = version.parts
    return Version((*rest, Part.whole(merge(before, last))))


def new_database() -> str:
    return f"test_rules_{uuid.uuid4().hex[:12]}"
