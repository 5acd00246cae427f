"""The delivery worker's part: check, render and send the rows of a stream entry, and book what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from crm_core.audience.eligibility import Policy, eligibility
from crm_core.campaigns.ledger import Ledger, row_id
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.recipients import Recipients
from crm_core.campaigns.states import MessageState
from crm_core.campaigns.template import render_message
from crm_core.campaigns.vendor import Vendor
from crm_core.errors import NotFound, Permanent
from crm_core.infra.clock import Clock
from crm_core.infra.mongo import Doc
from crm_core.infra.streams import Entry

FIRST_TRY = "#0"
TEMPLATE_FAILED = "template_failed"
REFUSED = "refused_by_vendor"


class Deliverer:
    def __init__(
        self,
        campaigns: Campaigns,
        ledger: Ledger,
        recipients: Recipients,
        vendor: Vendor,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self._campaigns = campaigns
        self._ledger = ledger
        self._recipients = recipients
        self._vendor = vendor
        self._policy = policy
        self._clock = clock

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Deliver each entry; gives {entry id: reason} for those that name no campaign."""
        refused: dict[str, str] = {}
        for entry in entries:
            try:
                campaign_id, customer_ids = _read(entry)
                campaign = self._campaigns.get(campaign_id)
            except (NotFound, Permanent) as exc:
                refused[entry.id] = str(exc)
            else:
                self._deliver(campaign, customer_ids)
        return refused

    def _deliver(self, campaign: Doc, customer_ids: Sequence[str]) -> None:
        """Send to those who still wait. Repeating it is harmless: the vendor knows a key that it has seen."""
        campaign_id, channel = campaign["_id"], campaign["channel"]
        waiting = self._ledger.pending(campaign_id, customer_ids)
        now = self._clock()
        people = self._recipients.read(waiting, channel, self._policy.cap, now, campaign_id=campaign_id)
        skipped: dict[str, str] = {}
        messages: list[dict[str, str]] = []
        failed: dict[str, str] = {}
        for customer_id in waiting:
            row = row_id(campaign_id, customer_id)
            person = people.get(customer_id)
            if reason := eligibility(person, channel, self._policy, now):
                skipped[row] = reason
                continue
            assert person  # else there is a reason
            try:
                body = render_message(campaign["message"], template_fields(person.customer))
                messages.append({"key": row + FIRST_TRY, "to": customer_id, "channel": channel, "body": body})
            except Permanent:
                failed[row] = TEMPLATE_FAILED
        self._ledger.skip(skipped, at=self._clock())
        self._book_failed(failed, self._clock())
        if messages:
            self._send(campaign_id, messages)

    def _send(self, campaign_id: str, messages: Sequence[dict[str, str]]) -> None:
        sent_at = self._clock()
        try:
            vendor_ids = self._vendor.send(campaign_id, messages)
        except Permanent:
            self._book_failed({_row(message): REFUSED for message in messages}, sent_at)
            return
        self._ledger.book(
            (
                _row(message),
                MessageState.SENT,
                sent_at,
                {"vendor_id": vendor_ids[message["key"]], "text": message["body"]},
            )
            for message in messages
        )

    def _book_failed(self, reasons: Mapping[str, str], at: datetime) -> None:
        self._ledger.book((row, MessageState.FAILED, at, {"reason": reason}) for row, reason in reasons.items())


def _read(entry: Entry) -> tuple[str, Sequence[str]]:
    try:
        order = from_json(entry.data)
        return order["campaign_id"], order["customer_ids"]
    except (ValueError, KeyError, TypeError) as exc:
        raise Permanent(f"no delivery order: {exc!r}") from None


def template_fields(customer: Mapping[str, Any]) -> dict[str, Any]:
    """What a message template may say of a customer. customer: a record of CustomerReader."""
    name = customer.get("name")
    return {**customer, "first_name": name.split()[0] if name and name.split() else None}


def _row(message: Mapping[str, str]) -> str:
    return message["key"].removesuffix(FIRST_TRY)
