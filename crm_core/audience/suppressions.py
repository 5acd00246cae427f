"""Suppressions: who gets nothing over a channel, whatever consent says, because somebody or the vendor said so."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Literal, get_args

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.audience.model import Suppression, suppressions_in
from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Db, Doc, translated

SuppressionReason = Literal["manual", "hard_bounce", "complaint"]
REASONS: tuple[str, ...] = get_args(SuppressionReason)
"""From the lightest to the gravest: a graver one takes the place of a lighter one, never the other way round."""


class Suppressions:
    def __init__(self, db: Db, audit: AuditLog, clock: Clock) -> None:
        self._suppressions = suppressions_in(db)
        self._customers = db.customers
        self._audit = audit
        self._clock = clock

    def add(self, customer_id: str, channel: str, *, reason: SuppressionReason, actor: Actor) -> Suppression:
        """Send nothing more to this customer over ``channel``; returns what is kept.

        Harmless to repeat: what is there for a reason as grave or graver stays. Raises InvalidInput, NotFound.
        """
        actor.require(Permission.WRITE_CONSENT)
        CHANNELS.named(channel)
        if reason not in REASONS:
            raise InvalidInput(f"{reason!r} is no reason; allowed are {', '.join(REASONS)}.", field="reason")
        self._check_customer(customer_id)
        with suppress(DuplicateKeyError):  # one that is as grave is there
            self._audit.together(lambda session: self._put(customer_id, channel, reason, actor, session))
        return self.of([customer_id])[customer_id][channel]

    def lift(self, customer_id: str, channel: str, *, actor: Actor) -> bool:
        """Allow messages over ``channel`` again; returns whether they were suppressed. Raises InvalidInput."""
        actor.require(Permission.WRITE_CONSENT)
        CHANNELS.named(channel)

        def delete(session: ClientSession) -> bool:
            found = self._suppressions.find_one_and_delete({"_id": _key(customer_id, channel)}, session=session)
            if found is None:
                return False
            details = {"channel": channel, "reason": found["reason"]}
            self._audit.record(actor, "suppression.lift", self._hashed(customer_id), details, session=session)
            return True

        return self._audit.together(delete)

    def of(self, customer_ids: Collection[str]) -> Mapping[str, Mapping[str, Suppression]]:
        """Customer id to channel to suppression, of those that have any."""
        found: dict[str, dict[str, Suppression]] = defaultdict(dict)
        with translated():
            for row in self._suppressions.find({"customer_id": {"$in": list(customer_ids)}}):
                found[row["customer_id"]][row["channel"]] = row
        return dict(found)

    def _check_customer(self, customer_id: str) -> None:
        with translated():
            if self._customers.find_one({"_id": customer_id}, {"_id": 1}) is None:
                raise NotFound(f"There is no customer with the id {customer_id!r}.")

    def _put(self, customer_id: str, channel: str, reason: str, actor: Actor, session: ClientSession) -> None:
        """Raises DuplicateKeyError: the key refuses a second one beside one that is as grave."""
        lighter = list(REASONS[: REASONS.index(reason)])
        row: Doc = {"customer_id": customer_id, "channel": channel, "reason": reason}
        row |= {"created_at": self._clock(), "created_by": actor.label}
        query = {"_id": _key(customer_id, channel), "reason": {"$in": lighter}}
        self._suppressions.update_one(query, {"$set": row}, upsert=True, session=session)
        details = {"channel": channel, "reason": reason}
        self._audit.record(actor, "suppression.add", self._hashed(customer_id), details, session=session)

    def _hashed(self, customer_id: str) -> str:
        return self._audit.pseudonyms.of(customer_id)


def _key(customer_id: str, channel: str) -> str:
    return f"{channel}:{customer_id}"
