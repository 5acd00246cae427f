"""Stores what past campaigns of the demo shop told of their readers, as receipts and the unsubscribe page tell it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne

from crm_core.audience.model import Suppression
from crm_core.audience.suppression_rows import Told, recipient_row
from crm_core.audience.suppressions import Suppressions
from crm_core.campaigns.unsubscribing.service import REASON, SOURCE
from crm_core.customers.model import ChannelConsent, customers_in
from crm_core.demo.generator import DemoData
from crm_core.demo.records import customer_id, describe_person
from crm_core.demo.responses import Responses
from crm_core.infra.mongo import Db, translated


class RefusalLoader:
    """Its writes can be repeated. by: the label of who suppresses."""

    def __init__(self, db: Db, suppressions: Suppressions, by: str) -> None:
        self._customers = customers_in(db)
        self._suppressions = suppressions
        self._by = by

    def store(self, campaign_id: str, data: DemoData, responses: Responses) -> None:
        """Once its customers are stored, who said then already that they want no more. Raises Unavailable."""
        self._suppressions.put_all(self._to_suppressions(campaign_id, data, responses))
        changes = list(_to_consent(campaign_id, responses))
        if changes:
            with translated():
                self._customers.bulk_write(changes, ordered=False)

    def _to_suppressions(self, campaign_id: str, data: DemoData, responses: Responses) -> Iterator[Suppression]:
        channel, source = responses.channel, f"campaign:{campaign_id}"
        failures = [(place, channel.failures[responses.reason_at(place)]) for place in responses.blamed.tolist()]
        gone = [(place, REASON) for place in responses.unsubscribed.tolist()]
        for told, times in ((failures, responses.ended_s), (gone, responses.unsubscribed_s)):
            for place, reason in told:
                index = int(responses.customer_index[place])
                key = channel.address_key(describe_person(data.people, index), None)
                at = moment(int(times[place]))
                yield recipient_row(channel.name, customer_id(index), key, Told(reason, source, at, self._by))


def _to_consent(campaign_id: str, responses: Responses) -> Iterator[Any]:
    """Where and when it was taken back; the records of the customers say that it was."""
    path = f"consent.{responses.channel.name}"
    for place in responses.unsubscribed.tolist():
        at = moment(int(responses.unsubscribed_s[place]))
        told = ChannelConsent(state="denied", source=SOURCE, at=at, campaign_id=campaign_id)
        who = customer_id(int(responses.customer_index[place]))
        yield UpdateOne({"_id": who, f"{path}.state": "denied"}, {"$set": {path: dict(told)}})


def moment(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
