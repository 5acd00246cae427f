"""What holds for customers over a channel, at the customer or at the address, whoever else has it: read in bulk."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from crm_core.audience.eligibility import Policy, Recipient, eligibility
from crm_core.audience.suppressions import Suppressions
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import StoredCustomer
from crm_core.customers.reading import CustomerReader
from crm_core.rules.engines.single import Contact

OF_OTHERS = ("refused", "address_keys")


@dataclass(frozen=True)
class Standing:
    """key: of the customer's address. is_refused: whether somebody with the address denied consent. suppressions: the
    reasons of those that hold."""

    key: str | None
    is_refused: bool
    suppressions: frozenset[str]


class Standings:
    def __init__(self, reader: CustomerReader, suppressions: Suppressions) -> None:
        self._reader = reader
        self._suppressions = suppressions

    def of(self, rows: Mapping[str, StoredCustomer], channel: str) -> dict[str, Standing]:
        """By id. rows: customers by id, as stored, with what is asked OF_OTHERS at least."""
        everybody = self._with_holders(rows, CHANNELS[channel])
        keys = keys_of(everybody, CHANNELS[channel])
        suppressed = self._suppressions.among(keys.keys() | rows.keys(), set(keys.values()), channel)
        reasons: defaultdict[str, set[str]] = defaultdict(set)
        for key, found in suppressed.keys.items():
            reasons[key] |= found
        for each, reason in suppressed.customers.items():
            if each in keys:
                reasons[keys[each]].add(reason)
        refused = {key for each, key in keys.items() if channel in everybody[each].get("refused", ())}
        return {each: self._standing(keys.get(each), suppressed.customers.get(each), refused, reasons) for each in rows}

    def contacts(
        self, rows: Mapping[str, StoredCustomer], channel: str, policy: Policy, now: datetime
    ) -> dict[str, Contact]:
        """The same as rules ask for it. rows: whole. policy: without a cap, which no rule asks for."""
        found: dict[str, Contact] = {}
        for each, standing in self.of(rows, channel).items():
            suppressed, refused = ({channel} if holds else () for holds in (standing.suppressions, standing.is_refused))
            verdict = eligibility(Recipient(rows[each], suppressed, refused=refused), channel, policy, now)
            found[each] = Contact(verdict, standing.suppressions)
        return found

    @staticmethod
    def _standing(key: str | None, own: str | None, refused: set[str], reasons: Mapping[str, set[str]]) -> Standing:
        at_address = reasons.get(key, ()) if key else ()
        return Standing(key, key in refused, frozenset((*at_address, *([own] if own else []))))

    def _with_holders(self, rows: Mapping[str, StoredCustomer], channel: Channel) -> Mapping[str, StoredCustomer]:
        """Whoever else has one of their addresses too."""
        if channel.address is None:
            return rows
        entries = [channel.entry(key) for key in set(keys_of(rows, channel).values())]
        return {**self._reader.rows(self._reader.holders(entries) - rows.keys(), stored=OF_OTHERS), **rows}


def keys_of(rows: Mapping[str, StoredCustomer], channel: Channel) -> dict[str, str]:
    """Customer id to address key, of those who have an address over the channel."""
    if channel.address is None:
        return {}
    return {each: key for each, row in rows.items() if (key := channel.stored_key(row))}
