"""A campaign's rows with their customers: page by page in the order of the index, or found by who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.campaigns.messages.message_list import MessageList
from crm_core.customers.model import Customer
from crm_core.customers.reading import CustomerReader
from crm_core.customers.searching import CustomerSearch
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState

MAX_FOUND: Final = 500
"""Customers of a search whose rows are looked for: more are for a narrower one."""
SHOWN: Final = ("name", "email")


@dataclass(frozen=True)
class Recipient:
    """row: as MessageList gives it. customer: None of one who was erased. instead: who is written to at the address, of
    a row that was skipped for that; None as well."""

    row: Doc
    customer: Customer | None
    instead: Customer | None = None


@dataclass(frozen=True)
class RecipientPage:
    """after: the cursor to go on after, None on the last page. is_cut: whether more customers fit the search than are
    looked at."""

    recipients: Sequence[Recipient]
    after: str | None = None
    is_cut: bool = False


class CampaignRecipients:
    """Raises Forbidden to those who may not see customers, Unavailable, and InvalidInput."""

    def __init__(self, messages: MessageList, search: CustomerSearch, reader: CustomerReader) -> None:
        self._messages = messages
        self._search = search
        self._reader = reader

    def page(
        self,
        campaign_id: str,
        *,
        actor: Actor,
        state: MessageState | None = None,
        reason: str | None = None,
        limit: int,
        after: str | None = None,
    ) -> RecipientPage:
        actor.require(Permission.READ_CUSTOMERS)
        rows, more = self._messages.page(campaign_id, actor=actor, state=state, reason=reason, limit=limit, after=after)
        return RecipientPage(self._with_customers(rows), more)

    def find(
        self,
        campaign_id: str,
        text: str,
        *,
        actor: Actor,
        state: MessageState | None = None,
        reason: str | None = None,
        limit: int,
    ) -> RecipientPage:
        """Those whom ``text`` finds by name, e-mail address, phone number or id, by name."""
        actor.require(Permission.READ_CUSTOMERS)
        found = self._search.search(text, actor=actor, sort="name", limit=MAX_FOUND)
        ids = [customer["id"] for customer in found]
        rows = self._messages.of_customers(campaign_id, ids, actor=actor, state=state, reason=reason)
        return RecipientPage(self._with_customers(rows[:limit]), is_cut=len(found) == MAX_FOUND or len(rows) > limit)

    def sample(self, campaign_id: str, variant: str | None, *, actor: Actor, skip: int = 0) -> Recipient | None:
        """As ``MessageList.sample``."""
        actor.require(Permission.READ_CUSTOMERS)
        row = self._messages.sample(campaign_id, variant, actor=actor, skip=skip)
        return self._with_customers([row])[0] if row else None

    def _with_customers(self, rows: Sequence[Doc]) -> list[Recipient]:
        ids = dict.fromkeys(row[name] for name in ("customer_id", "same_address_as") for row in rows if name in row)
        known = {customer["id"]: customer for customer in self._reader.by_ids(list(ids), stored=SHOWN)}
        return [
            Recipient(row, known.get(row["customer_id"]), known.get(row.get("same_address_as", ""))) for row in rows
        ]
