"""What ``eligibility`` asks of customers, read in bulk: their records, whoever else has their addresses, suppressions,
and messages of late."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from crm_core.audience.eligibility import Cap, Recipient
from crm_core.audience.standing import OF_OTHERS, Standings, keys_of
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.channels.registry import CHANNELS
from crm_core.customers.reading import CustomerReader

STORED = ("email", "phone", "attributes", "consent", *OF_OTHERS)
"""What eligibility, quiet hours and custom attributes in templates ask of every customer."""


class Recipients:
    def __init__(self, reader: CustomerReader, standings: Standings, message_log: MessageLog) -> None:
        self._reader = reader
        self._standings = standings
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
        standings = self._standings.of(rows, channel)
        keys = {each.key for each in standings.values() if each.key}
        sent: Mapping[str, Sequence[datetime]] = {}
        sent_to: Mapping[str, Sequence[datetime]] = {}
        if cap:
            start = cap.start(now)
            sent = self._message_log.sent_since(start, list(rows), channel, besides=campaign_id)
            if keys:
                sent_to = self._message_log.sent_to(start, keys, channel, besides=campaign_id)
        return {
            customer_id: Recipient(
                self._reader.to_record(rows[customer_id]),
                {channel} if standing.suppressions else (),
                {channel: sent.get(customer_id, ())},
                {channel} if standing.is_refused else (),
                {channel: sent_to.get(standing.key or "", ())},
                standing.key,
            )
            for customer_id, standing in standings.items()
        }

    def address_keys(self, customer_ids: Collection[str], channel: str) -> dict[str, str]:
        """Customer id to address key, of those who have an address over ``channel``."""
        wanted = CHANNELS[channel]
        return keys_of(self._reader.rows(customer_ids, stored=["address_keys"]), wanted) if wanted.address else {}
