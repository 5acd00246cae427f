"""What ``eligibility`` asks of customers, read in bulk: their records, suppressions, and messages of late."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from crm_core.audience.eligibility import Cap, Recipient
from crm_core.audience.suppressions import Suppressions
from crm_core.campaigns.messages.message_log import MessageLog
from crm_core.customers.model import Customer
from crm_core.customers.reading import CustomerReader

STORED = ("email", "phone", "attributes", "consent")
"""What eligibility, quiet hours and custom attributes in templates ask of every customer."""


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
        """Those of ``customer_ids`` that exist. Messages of the past are read for a cap only.

        campaign_id: the campaign that asks: its own message, sent again after a crash, does not count against itself.
        stored: the fields of a customer that its templates need.
        """
        customers = self._reader.by_ids(customer_ids, stored=[*STORED, *stored])
        sent = self._message_log.sent_since(cap.start(now), customer_ids, channel, besides=campaign_id) if cap else {}
        return to_recipients(customers, self._suppressions.of(customer_ids), channel, sent)


def to_recipients(
    customers: Sequence[Customer],
    suppressed: Mapping[str, Collection[str]],
    channel: str,
    sent: Mapping[str, Sequence[datetime]],
) -> dict[str, Recipient]:
    """By id. suppressed: customer id to channels. sent: customer id to when messages were sent over ``channel``."""
    return {
        customer["id"]: Recipient(customer, suppressed.get(customer["id"], ()), {channel: sent.get(customer["id"], ())})
        for customer in customers
    }
