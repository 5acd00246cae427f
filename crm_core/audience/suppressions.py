"""Suppressions: who gets nothing over a channel, whatever consent says, because somebody or the vendor said so."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from crm_core.access.actor import Actor
from crm_core.access.audit import AuditLog
from crm_core.access.permissions import Permission
from crm_core.audience.model import Suppression, suppressions_in
from crm_core.audience.suppression_rows import (
    Told,
    address_row,
    customer_row,
    erased_row_id,
    gravest,
    to_upsert,
)
from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput, NotFound
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import DUPLICATE_KEY, Db, translated
from crm_core.schema.suppressions import REASONS, SuppressionReason, address_row_id, customer_row_id

MAX_ADDRESSES = 1_000
"""Of one call."""
_ANYTHING: Final = re.compile(r".{1,254}")
_LOOKS: Final = {
    "email": re.compile(r"[^@\s]{1,64}@[^@\s]{3,190}"),
    "phone": re.compile(r"[+(]{0,2}[0-9][0-9 ()./-]{2,30}[^@\n]{0,14}"),
}


@dataclass(frozen=True)
class Suppressed:
    """Who may get nothing over a channel, and why: customers by id, and whoever has one of these addresses, by key."""

    customers: Mapping[str, str]
    keys: Mapping[str, Set[str]]


class Suppressions:
    """country: asked for the workspace's default country, where phone numbers without a calling code belong."""

    def __init__(self, db: Db, audit: AuditLog, clock: Clock, country: Callable[[], str | None]) -> None:
        self._suppressions = suppressions_in(db)
        self._customers = db.customers
        self._audit = audit
        self._clock = clock
        self._country = country
        self.pseudonyms = audit.pseudonyms

    def add(
        self, customer_id: str, channel: str, *, reason: SuppressionReason, actor: Actor, source: str = ""
    ) -> Suppression:
        """Send nothing more to this customer over ``channel``; returns what is kept.

        Harmless to repeat: what is there for a reason as grave or graver stays. Raises InvalidInput, NotFound.
        """
        actor.require(Permission.WRITE_CONSENT)
        _check(channel, reason)
        self._check_customer(customer_id)
        row = customer_row(channel, customer_id, Told(reason, source, self._clock(), actor.label))
        return self._put(row, customer_id, actor)

    def add_address(
        self, channel: str, address: str, *, reason: SuppressionReason, actor: Actor, source: str = ""
    ) -> Suppression:
        """Send nothing more to this address over ``channel``, whoever has it; as ``add``. Raises InvalidInput."""
        actor.require(Permission.WRITE_CONSENT)
        _check(channel, reason)
        key = self.key_of(channel, address)
        if not looks_like_address(CHANNELS[channel].address or "", address):
            raise InvalidInput(f"{address.strip()!r} is not {CHANNELS[channel].address_words}.", field="address")
        row = address_row(channel, key, Told(reason, source, self._clock(), actor.label))
        return self._put(row, f"{channel}:{key}", actor)

    def add_addresses(
        self, channel: str, addresses: Sequence[str], *, reason: SuppressionReason, actor: Actor, source: str = ""
    ) -> int:
        """The same for up to 1,000, with one entry in the audit log; returns how many were new, or for a graver reason.
        What is no address is left out."""
        actor.require(Permission.WRITE_CONSENT)
        _check(channel, reason)
        if len(addresses) > MAX_ADDRESSES:
            raise InvalidInput(f"At most {MAX_ADDRESSES:,} addresses at once, not {len(addresses):,}.")
        told = Told(reason, source, self._clock(), actor.label)
        wanted = CHANNELS[channel]
        good = [each for each in addresses if wanted.address and looks_like_address(wanted.address, each)]
        count = self.put_all([address_row(channel, self.key_of(channel, each), told) for each in good])
        details = {"channel": channel, "reason": reason, "count": count, "source": source}
        self._audit.record(actor, "suppression.import", channel, details)
        return count

    def lift(self, customer_id: str, channel: str, *, actor: Actor) -> bool:
        """Allow messages over ``channel`` again; returns whether they were suppressed. Raises InvalidInput."""
        actor.require(Permission.WRITE_CONSENT)
        CHANNELS.named(channel)
        return self._remove(customer_row_id(channel, customer_id), actor)

    def lift_address(self, channel: str, address: str, *, actor: Actor) -> bool:
        """The same for an address, as it is written or by its key."""
        actor.require(Permission.WRITE_CONSENT)
        CHANNELS.named(channel)
        return self._remove(address_row_id(channel, self.key_of(channel, address)), actor)

    def lift_row(self, row_id: str, *, actor: Actor) -> bool:
        """The same for one that was listed, by the id of its row."""
        actor.require(Permission.WRITE_CONSENT)
        return self._remove(row_id, actor)

    def key_of(self, channel: str, address: str) -> str:
        """The key of an address as people write it. Raises InvalidInput for a blank one, and for a channel that needs
        none."""
        wanted = CHANNELS.named(channel)
        if wanted.address is None:
            raise InvalidInput(f"{wanted.label} messages have no address: {wanted.address_words}.", field="channel")
        if not address.strip():
            raise InvalidInput("An address is needed.", field="address")
        return wanted.key_of(address, None, self._country())

    def of(self, customer_ids: Collection[str]) -> Mapping[str, Mapping[str, Suppression]]:
        """Customer id to channel to suppression, of those that have any by their id."""
        found: dict[str, dict[str, Suppression]] = defaultdict(dict)
        with translated():
            for row in self._suppressions.find({"customer_id": {"$in": list(customer_ids)}}):
                found[row["customer_id"]][row["channel"]] = row
        return dict(found)

    def of_one(self, customer_id: str) -> Mapping[str, Suppression]:
        """Channel to suppression of this customer or, where there is none, of the address."""
        with translated():
            stored = self._customers.find_one({"_id": customer_id}, {"address_keys": 1}) or {}
            keys = {name: key for name, channel in CHANNELS.items() if (key := channel.stored_key(stored))}
            ids = {each: name for name, key in keys.items() for each in self._ids(name, key)}
            found = {ids[row["_id"]]: row for row in self._suppressions.find({"_id": {"$in": list(ids)}})}
        return found | dict(self.of([customer_id]).get(customer_id, {}))

    def among(self, customer_ids: Collection[str], keys: Collection[str], channel: str) -> Suppressed:
        """Those who may get nothing over ``channel``: one query."""
        ids = {each: key for key in keys for each in self._ids(channel, key)}
        query = {"customer_id": {"$in": list(customer_ids)}, "channel": channel}
        with translated():
            rows = list(self._suppressions.find({"$or": [query, {"_id": {"$in": list(ids)}}]} if ids else query))
        keyed: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            if row["_id"] in ids:
                keyed[ids[row["_id"]]].add(row["reason"])
        return Suppressed({row["customer_id"]: row["reason"] for row in rows if "customer_id" in row}, keyed)

    def put_all(self, rows: Iterable[Suppression]) -> int:
        """What workers write; returns how many were new, or for a graver reason.

        Most are new: inserting is several times faster than an upsert that asks for the reason.
        """
        wanted = gravest(rows)
        if not wanted:
            return 0
        with translated():
            try:
                self._suppressions.insert_many(wanted, ordered=False)
            except BulkWriteError as exc:
                details = exc.details or {}
                if any(error["code"] != DUPLICATE_KEY for error in details["writeErrors"]):
                    raise
                known = [wanted[error["index"]] for error in details["writeErrors"]]
                return len(wanted) - len(known) + self._replace_lighter(known)
        return len(wanted)

    def _replace_lighter(self, rows: Sequence[Suppression]) -> int:
        ids = {"_id": {"$in": [row["_id"] for row in rows]}}
        held = {row["_id"]: row["reason"] for row in self._suppressions.find(ids, {"reason": 1})}
        graver = [
            row for row in rows if REASONS.index(row["reason"]) > REASONS.index(held.get(row["_id"], row["reason"]))
        ]
        requests: list[Any] = [UpdateOne(*to_upsert(row)) for row in graver]
        return self._suppressions.bulk_write(requests, ordered=False).modified_count if requests else 0

    def _ids(self, channel: str, key: str) -> tuple[str, str]:
        return address_row_id(channel, key), erased_row_id(channel, key, self.pseudonyms)

    def _check_customer(self, customer_id: str) -> None:
        with translated():
            if self._customers.find_one({"_id": customer_id}, {"_id": 1}) is None:
                raise NotFound(f"There is no customer with the id {customer_id!r}.")

    def _put(self, row: Suppression, whom: str, actor: Actor) -> Suppression:
        """Returns what is kept."""

        def put(session: ClientSession) -> None:
            self._suppressions.update_one(*to_upsert(row), upsert=True, session=session)
            details = {"channel": row["channel"], "reason": row["reason"]}
            self._audit.record(actor, "suppression.add", self._hashed(whom), details, session=session)

        with suppress(DuplicateKeyError):  # one that is as grave is there
            self._audit.together(put)
        with translated():
            kept = self._suppressions.find_one({"_id": row["_id"]})
        return kept or row  # somebody has just lifted it

    def _remove(self, row_id: str, actor: Actor) -> bool:
        def delete(session: ClientSession) -> bool:
            found = self._suppressions.find_one_and_delete({"_id": row_id}, session=session)
            if found is None:
                return False
            details = {"channel": found["channel"], "reason": found["reason"]}
            whom = found.get("customer_id") or f"{found['channel']}:{found.get('address_key', row_id)}"
            self._audit.record(actor, "suppression.lift", self._hashed(whom), details, session=session)
            return True

        return self._audit.together(delete)

    def _hashed(self, whom: str) -> str:
        return self._audit.pseudonyms.of(whom)


def _check(channel: str, reason: str) -> None:
    CHANNELS.named(channel)
    if reason not in REASONS:
        raise InvalidInput(f"{reason!r} is no reason; allowed are {', '.join(REASONS)}.", field="reason")


def looks_like_address(place: str, text: str) -> bool:
    """place: where addresses of that kind stand with a customer."""
    return bool(_LOOKS.get(place, _ANYTHING).fullmatch(text.strip()))
