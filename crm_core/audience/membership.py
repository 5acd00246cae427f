"""Why customers are in an audience or not: their records as stored, through the engine for single customers."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm_core.access.actor import Actor
from crm_core.access.personal_reads import PersonalReads
from crm_core.audience.contexts import RuleContexts
from crm_core.audience.eligibility import Policy
from crm_core.audience.standing import Standings
from crm_core.customers.model import customers_in
from crm_core.errors import InvalidInput, NotFound
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.rules.binding import bind
from crm_core.rules.bound import Bound, BoundReach, OnlyEvents, OnlyMessages, OnlyOrders, conditions_in, records_in
from crm_core.rules.context import RankSource, RuleContext
from crm_core.rules.engines.explaining import Explanation, explain
from crm_core.rules.engines.single import (
    READ_OF_EVENTS,
    READ_OF_ITEMS,
    READ_OF_MESSAGES,
    READ_OF_ORDERS,
    Subject,
)
from crm_core.rules.tree import AnyRule

MAX_EXPLAINED = 200
TIME_LIMIT_MS = 30_000
_PROFILE: Doc = {"versions": 0, "folded.search": 0}
_ORDER: Doc = {"_id": 0, **dict.fromkeys(("customer_id", *READ_OF_ORDERS, READ_OF_ITEMS), 1)}
_EVENT: Doc = {"_id": 0, **dict.fromkeys(("customer_id", *READ_OF_EVENTS), 1)}
_MESSAGE: Doc = {"_id": 0, **dict.fromkeys(("customer_id", *READ_OF_MESSAGES), 1)}


@dataclass(frozen=True)
class Needed:
    """The records that rules look at: orders, events of these types, and messages. channels: those of which they ask
    who is reached."""

    orders: bool
    event_types: frozenset[str]
    messages: bool
    channels: frozenset[str]


class Memberships:
    """ranks: as of a moment ago."""

    def __init__(
        self,
        db: Db,
        reads: PersonalReads,
        contexts: RuleContexts,
        standings: Standings,
        ranks: Callable[[], RankSource],
    ) -> None:
        self._ranks = ranks
        self._standings = standings
        self._reads = reads
        self._db = db
        self._contexts = contexts

    def explain(self, customer_id: str, rule: AnyRule, *, actor: Actor, now: datetime | None = None) -> Explanation:
        """The rule for this customer, now or as of ``now``. Raises BadRule, NotFound."""
        self._reads.require_one(actor, customer_id)
        found = self.explain_many(rule, [customer_id], actor=actor, now=now)
        if customer_id not in found:
            raise NotFound(f"There is no customer with the id {customer_id!r}.")
        return found[customer_id]

    def explain_many(
        self, rule: AnyRule, customer_ids: Sequence[str], *, actor: Actor, now: datetime | None = None
    ) -> dict[str, Explanation]:
        """The same for up to 200 customers, by id in the order given, without unknown ones; a few queries
        for all of them. Raises BadRule, InvalidInput."""
        self._reads.require(actor, "customers.explain")
        if len(customer_ids) > MAX_EXPLAINED:
            raise InvalidInput(
                f"At most {MAX_EXPLAINED} customers are explained at once, these are {len(customer_ids):,}."
            )
        context = self._contexts.context(now, ranks=self._ranks())
        bound = bind(rule, context)
        subjects = self._load(customer_ids, needed_by([bound]), context)
        return {name: explain(bound, subject, digits=context.digits) for name, subject in subjects.items()}

    def explain_all(
        self, customer_id: str, rules: Mapping[str, AnyRule], *, actor: Actor, now: datetime | None = None
    ) -> dict[str, Explanation | InvalidInput]:
        """Several rules for one customer who is read once, by the rules' keys; for a rule that cannot be evaluated
        any more its error. Raises NotFound."""
        self._reads.require_one(actor, customer_id)
        context = self._contexts.context(now, ranks=self._ranks())
        bound = {key: _bound(rule, context) for key, rule in rules.items()}
        wanted = [each for each in bound.values() if not isinstance(each, InvalidInput)]
        subject = self._load([customer_id], needed_by(wanted), context).get(customer_id)
        if subject is None:
            raise NotFound(f"There is no customer with the id {customer_id!r}.")
        return {
            key: each if isinstance(each, InvalidInput) else explain(each, subject, digits=context.digits)
            for key, each in bound.items()
        }

    def _load(self, ids: Sequence[str], needed: Needed, context: RuleContext) -> dict[str, Subject]:
        """Of those that are there: the profile, what the rules need of the records, and who is reached over the
        channels that they ask for."""
        query: Doc = {"customer_id": {"$in": list(ids)}}
        events_query = {**query, "type": {"$in": sorted(needed.event_types)}}
        with translated():
            rows = customers_in(self._db).find({"_id": {"$in": list(ids)}}, _PROFILE, max_time_ms=TIME_LIMIT_MS)
            profiles = {row["_id"]: row for row in rows}
            orders = self._records("orders", query, _ORDER) if needed.orders else {}
            events = self._records("events", events_query, _EVENT) if needed.event_types else {}
            messages = self._records("messages", query, _MESSAGE) if needed.messages else {}
        policy = Policy(context.unknown_may_be_messaged)
        contacts = {
            channel: self._standings.contacts(profiles, channel, policy, context.now) for channel in needed.channels
        }
        return {
            name: Subject(
                profiles[name],
                orders.get(name, ()),
                events.get(name, ()),
                messages.get(name, ()),
                {channel: found[name] for channel, found in contacts.items()},
            )
            for name in ids
            if name in profiles
        }

    def _records(self, collection: str, query: Doc, fields: Doc) -> Mapping[str, list[Doc]]:
        """By customer."""
        found: defaultdict[str, list[Doc]] = defaultdict(list)
        for row in self._db[collection].find(query, fields, batch_size=5000, max_time_ms=TIME_LIMIT_MS):
            found[row["customer_id"]].append(row)
        return found


def needed_by(rules: Iterable[Bound]) -> Needed:
    """A customer may have 100,000 orders; most rules look at none of them."""
    rules = list(rules)
    found = [each.only for rule in rules for each in records_in(rule)]
    asked = [each for rule in rules for each in conditions_in(rule)]
    types = {only.type for only in found if isinstance(only, OnlyEvents)}
    orders, messages = (any(isinstance(only, kind) for only in found) for kind in (OnlyOrders, OnlyMessages))
    channels = frozenset(each.channel.name for each in asked if isinstance(each, BoundReach))
    return Needed(orders, frozenset(types), messages, channels)


def _bound(rule: AnyRule, context: RuleContext) -> Bound | InvalidInput:
    try:
        return bind(rule, context)
    except InvalidInput as exc:
        return exc
