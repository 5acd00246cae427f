"""Suppressions as tests give them, and what follows from them for each customer: said by loops, not by the code."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crm_core.access.pseudonyms import Pseudonyms
from crm_core.audience.eligibility import Policy, Recipient, eligibility
from crm_core.audience.model import Suppression
from crm_core.audience.suppression_rows import Told, address_row, customer_row, erased_row
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import stored_customer
from crm_core.rules.engines.single import Contact

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Stop:
    """A suppression of a customer or of an address. is_erased: only a hash of the address is kept."""

    channel: str
    reason: str
    customer_id: str | None = None
    address: str | None = None
    is_erased: bool = False

    @property
    def key(self) -> str | None:
        return CHANNELS[self.channel].key_of(self.address, None, None) if self.address else None

    def to_row(self, pseudonyms: Pseudonyms) -> Suppression:
        told = Told(self.reason, "", NOW, "somebody")
        if self.key is None:
            assert self.customer_id
            return customer_row(self.channel, self.customer_id, told)
        if self.is_erased:
            return erased_row(self.channel, self.key, told, pseudonyms)
        return address_row(self.channel, self.key, told)


def contacts_of(
    customers: Sequence[Mapping[str, Any]], stops: Iterable[Stop], *, unknown_may_be_messaged: bool
) -> dict[str, dict[str, Contact]]:
    """Customer id to channel to what holds there."""
    stops, policy = list(stops), Policy(unknown_may_be_messaged)
    found: dict[str, dict[str, Contact]] = {}
    for customer in customers:
        found[customer["_id"]] = mine = {}
        for name, channel in CHANNELS.items():
            key = channel.stored_key(customer)
            sharers = [each for each in customers if key and channel.stored_key(each) == key] or [customer]
            ids = {each["_id"] for each in sharers}
            here = [each for each in stops if each.channel == name]
            reasons = {each.reason for each in here if each.customer_id in ids or (key and each.key == key)}
            refused = {name} if key and any(name in each.get("refused", ()) for each in sharers) else ()
            person = Recipient(stored_customer(dict(customer)), {name} if reasons else (), refused=refused)
            mine[name] = Contact(eligibility(person, name, policy, NOW), frozenset(reasons))
    return found
