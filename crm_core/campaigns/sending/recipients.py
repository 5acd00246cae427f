"""What ``eligibility`` asks of customers, read in bulk: their records, whoever else has their addresses, suppressions,
and messages of late."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crm_core.audience.eligibility import Cap, Recipient
from crm_core.audience.suppressions import Suppressions
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.customers.model import StoredCustomer
from crm_core.customers.reading import CustomerReader

OF_OTHERS = ("refused", "address_keys")
STORED = ("email", "phone", "attributes", "consent", *OF_OTHERS)
"""What eligibility, quiet hours and custom attributes in templates ask of every customer."""


@dataclass(frozen=True)
class _Holders:
    """Who has an address of somebody who is asked about, and anybody else with it: customer id to address key.

    refused: keys for which one of them denied consent.
    """

    keys: Mapping[str, str]
    refused: Collection[str]


class Recipients:
    def __init__(self, reader: CustomerReader, suppressions: Suppressions, message_log: MessageLog) -> None:
        self._reader = reader
        self._suppressions = suppressions
        self._message_log = message_log

    def read(
        self,
        customer_ids: Sequence[str],
        channel: str,
        cap: Cap | None,
        now: datetime,
        *,
        campaign_id: str | None = None,
        stored: Collection[str] = (),
    ) -> dict[str, Recipient]:
        """Those of ``customer_ids`` that exist, by id. Messages of the past are read for a cap only.

        campaign_id: the campaign that asks: its own message, sent again after a crash, does not count against itself.
        stored: the fields of a customer that its templates need.
        """
        rows = self._reader.rows(customer_ids, stored=[*STORED, *stored])
        holders = self._holders(rows, CHANNELS[channel])
        keys = holders.keys
        suppressed = self._suppressions.among({*rows, *keys}, set(keys.values()), channel)
        stopped = {*suppressed.keys, *(keys[each] for each in suppressed.customers if each in keys)}
        sent: Mapping[str, Sequence[datetime]] = {}
        sent_to: Mapping[str, Sequence[datetime]] = {}
        if cap:
            start = cap.start(now)
            sent = self._message_log.sent_since(start, list(rows), channel, besides=campaign_id)
            if keys:
                sent_to = self._message_log.sent_to(start, set(keys.values()), channel, besides=campaign_id)
        return {
            customer_id: Recipient(
                self._reader.to_record(row),
                {channel} if customer_id in suppressed.customers or keys.get(customer_id) in stopped else (),
                {channel: sent.get(customer_id, ())},
                {channel} if keys.get(customer_id) in holders.refused else (),
                {channel: sent_to.get(keys.get(customer_id, ""), ())},
                keys.get(customer_id),
            )
            for customer_id, row in rows.items()
        }

    def address_keys(self, customer_ids: Collection[str], channel: str) -> dict[str, str]:
        """Customer id to address key, of those who have an address over ``channel``."""
        wanted = CHANNELS[channel]
        return _keys_of(self._reader.rows(customer_ids, stored=["address_keys"]), wanted) if wanted.address else {}

    def _holders(self, rows: Mapping[str, StoredCustomer], channel: Channel) -> _Holders:
        if channel.address is None:
            return _Holders({}, ())
        keys = _keys_of(rows, channel)
        entries = [channel.entry(key) for key in set(keys.values())]
        others = self._reader.rows(self._reader.holders(entries) - rows.keys(), stored=OF_OTHERS)
        keys |= _keys_of(others, channel)
        everybody = {**others, **rows}
        refused = {key for each, key in keys.items() if channel.name in everybody[each].get("refused", ())}
        return _Holders(keys, refused)


def _keys_of(rows: Mapping[str, StoredCustomer], channel: Channel) -> dict[str, str]:
    return {each: key for each, row in rows.items() if (key := channel.stored_key(row))}
