"""A population that no database holds: what the engines in memory find in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import numpy as np

from crm_core.customers.document import arrange, arrange_record
from crm_core.customers.merge import merge_patch, note_version
from crm_core.customers.totals import NO_TOTALS, add_events, add_orders
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Entry, Stream
from crm_core.infra.text import fold
from crm_core.ingest.applying import EVENTS, ORDERS
from crm_core.ingest.patches import ChangeReader
from crm_core.rules.bound import Bound, BoundReach, conditions_in
from crm_core.rules.context import NO_CAMPAIGNS, CampaignSource, RuleContext, SegmentSource
from crm_core.rules.engines.columns import Columns
from crm_core.rules.engines.encoding import encode
from crm_core.rules.engines.explaining import explain
from crm_core.rules.engines.mask import mask
from crm_core.rules.engines.single import Subject, matches
from crm_core.rules.fields import Catalogue
from crm_core.schema.schema import SCHEMA
from tests.engines.ranks import MemoryRanks
from tests.engines.stops import Stop, contacts_of

DIGITS = 2
READER = ChangeReader(SCHEMA, digits=lambda: DIGITS)


@dataclass(frozen=True)
class MemoryTown:
    subjects: Sequence[Subject]
    columns: Columns
    catalogue: Catalogue
    campaigns: CampaignSource
    stops: Sequence[Stop] = ()

    def context(
        self, segments: SegmentSource, now: datetime, zone: tzinfo = UTC, *, unknown_may_be_messaged: bool = True
    ) -> RuleContext:
        ranks = MemoryRanks([subject.customer for subject in self.subjects])
        return RuleContext(
            now,
            DIGITS,
            fold,
            self.catalogue,
            segments,
            zone,
            ranks,
            self.campaigns,
            unknown_may_be_messaged=unknown_may_be_messaged,
        )

    def by_engine(self, bound: Bound) -> dict[str, list[str]]:
        """The ids of those who match, in order, by each engine."""
        ids = [subject.customer["_id"] for subject in self.subjects]
        reach = [each for each in conditions_in(bound) if isinstance(each, BoundReach)]
        named = list(zip(ids, self._with_contacts(reach) if reach else self.subjects, strict=True))
        in_columns = {} if reach else {"mask": [ids[row] for row in np.flatnonzero(mask(bound, self.columns))]}
        return in_columns | {
            "single": [name for name, subject in named if matches(bound, subject)],
            "explained": [name for name, subject in named if explain(bound, subject, digits=DIGITS).matches],
        }

    def _with_contacts(self, asked: Sequence[BoundReach]) -> list[Subject]:
        customers, unknown = [each.customer for each in self.subjects], asked[0].unknown_may_be_messaged
        contacts = contacts_of(customers, self.stops, unknown_may_be_messaged=unknown)
        return [replace(each, contacts=contacts[each.customer["_id"]]) for each in self.subjects]


def build_memory_town(
    entries: Mapping[Stream, Iterable[Entry]],
    catalogue: Catalogue,
    messages: Sequence[Doc] = (),
    campaigns: CampaignSource = NO_CAMPAIGNS,
    stops: Sequence[Stop] = (),
) -> MemoryTown:
    """What the ingest worker would have stored of the entries, and the messages of the log."""
    customers = _docs(entries.get(Stream.CUSTOMERS, ()))
    orders = [_dated(doc, "ordered_at") for doc in _docs(entries.get(Stream.ORDERS, ())).values()]
    events = [_dated(doc, "at") for doc in _docs(entries.get(Stream.EVENTS, ())).values()]
    for doc in (*orders, *events):
        whose = doc["customer_id"]
        note_version(customers.setdefault(whose, {"_id": whose}), max(doc["versions"].values()))
    profiles = [_profile(customers[name], orders, events) for name in sorted(customers)]
    columns = encode(profiles, orders, events, messages, catalogue)
    subjects = [Subject(doc, _of(doc, orders), _of(doc, events), _of(doc, messages)) for doc in profiles]
    return MemoryTown(subjects, columns, catalogue, campaigns, stops)


def _docs(entries: Iterable[Entry]) -> dict[str, Doc]:
    docs: dict[str, Doc] = {}
    for entry in entries:
        change = READER.read(entry)
        merge_patch(docs.setdefault(change.record_id, {"_id": change.record_id}), change.patch, change.version)
    return docs


def _dated(doc: Doc, moment: str) -> Doc:
    """With what no entry says of an order or an event, and what an order counts for."""
    dated = {moment: doc["created_at"], **doc}
    if moment == "ordered_at":
        dated = {**SCHEMA.orders.defaults, **dated}
        ORDERS.derive_parts(dated)
    else:
        EVENTS.derive_parts(dated)
    return arrange_record(dated)


def _of(customer: Doc, records: Iterable[Doc]) -> list[Doc]:
    return [each for each in records if each["customer_id"] == customer["_id"]]


def _profile(doc: Doc, orders: Iterable[Doc], events: Iterable[Doc]) -> Doc:
    """With the totals that follow from its records, and from what was imported of earlier ones."""
    baseline = {name: value for name, value in doc.get("baseline", {}).items() if name in NO_TOTALS}
    totals = {**NO_TOTALS, **baseline}
    return arrange({**doc, **add_orders(totals, _of(doc, orders)), **add_events(totals, _of(doc, events))})
