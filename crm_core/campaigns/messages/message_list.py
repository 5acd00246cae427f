"""The rows of one campaign, page by page, in the order of the index that every question about it uses."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from crm_core.access.actor import Actor
from crm_core.access.permissions import Permission
from crm_core.access.personal_reads import PersonalReads
from crm_core.campaigns.messages.model import Message, messages_in
from crm_core.campaigns.messages.rows import BY_RANK, row_id, to_record
from crm_core.channels.channel import LINES
from crm_core.errors import InvalidInput
from crm_core.infra.cursors import read_cursor, to_cursor
from crm_core.infra.mongo import Db, Doc, translated
from crm_core.infra.paging import READ_AT_ONCE, take_page
from crm_core.schema.message_states import REACHED, MessageState

PERSONAL = ("text", *LINES)
_SENT = [state.rank for state in REACHED[MessageState.SENT]]


@dataclass(frozen=True)
class _Place:
    """Where a row stood in the index: the next page begins behind it, whatever has become of the row."""

    rank: int
    reason: str | None
    customer_id: str

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Raises ValueError."""
        rank, reason, customer_id = read_cursor(cursor)
        if type(rank) is int and isinstance(reason, str | None) and isinstance(customer_id, str):
            return cls(rank, reason, customer_id)
        raise ValueError("no place")

    @classmethod
    def of(cls, row: Message) -> Self:
        return cls(row["rank"], row.get("reason"), row["customer_id"])

    def to_cursor(self) -> str:
        return to_cursor(self.rank, self.reason, self.customer_id)


@dataclass(frozen=True)
class _Wanted:
    """reason: None for any."""

    ranks: list[int]
    reason: str | None

    def all_of_it(self, ranks: list[int]) -> Doc:
        return {"rank": {"$in": ranks}} | ({} if self.reason is None else {"reason": self.reason})

    def behind(self, place: _Place) -> Iterator[Doc]:
        """Filters for ranges of the index, in its order."""
        yield {"rank": place.rank, "reason": place.reason, "customer_id": {"$gt": place.customer_id}}
        if self.reason is None:
            yield {"rank": place.rank, "reason": {"$gte": ""} if place.reason is None else {"$gt": place.reason}}
        yield self.all_of_it([rank for rank in self.ranks if rank > place.rank])


class MessageList:
    def __init__(self, db: Db, reads: PersonalReads) -> None:
        self._reads = reads
        self._messages = messages_in(db)

    def page(
        self,
        campaign_id: str,
        *,
        actor: Actor,
        state: MessageState | None = None,
        reason: str | None = None,
        limit: int,
        after: str | None = None,
    ) -> tuple[list[Doc], str | None]:
        """Rows by state, reason and customer id, and the cursor to go on after, None on the last page; what was
        written to somebody only for those who may see customers.

        A row that changes its state while somebody turns pages may be met twice, or not at all. Raises InvalidInput.
        """
        actor.require(Permission.READ_FIGURES)
        wanted = _Wanted([each.rank for each in MessageState] if state is None else [state.rank], reason)
        ranges = wanted.behind(_read(after, wanted)) if after else [wanted.all_of_it(wanted.ranks)]
        with translated():
            found = (row for each in ranges for row in self._find({"campaign_id": campaign_id, **each}, limit + 1))
            rows, has_more = take_page(found, limit)
        more = _Place.of(rows[-1]).to_cursor() if has_more else None
        may_read = actor.may(Permission.READ_CUSTOMERS)
        if may_read:
            self._reads.note(actor, "messages.read", campaign_id)
        hidden = () if may_read else PERSONAL
        return [_without(hidden, to_record(row)) for row in rows], more

    def of_customers(
        self,
        campaign_id: str,
        customer_ids: Sequence[str],
        *,
        actor: Actor,
        state: MessageState | None = None,
        reason: str | None = None,
    ) -> list[Doc]:
        """The rows of these customers, in their order."""
        actor.require(Permission.READ_CUSTOMERS)
        self._reads.note(actor, "messages.read", campaign_id)
        ids = [row_id(campaign_id, customer_id) for customer_id in customer_ids]
        ranks = [each.rank for each in MessageState] if state is None else [state.rank]
        query: Doc = {"_id": {"$in": ids}, **_Wanted(ranks, reason).all_of_it(ranks)}
        with translated():
            found = {row["_id"]: row for row in self._messages.find(query)}
        return [to_record(found[each]) for each in ids if each in found]

    def sample(self, campaign_id: str, variant: str | None, *, actor: Actor, skip: int = 0) -> Doc | None:
        """One that was sent, as it was sent; the furthest on first in no other order. None while there is none."""
        actor.require(Permission.READ_CUSTOMERS)
        self._reads.note(actor, "messages.read", campaign_id)
        query: Doc = {"campaign_id": campaign_id, "rank": {"$in": _SENT}, "text": {"$exists": True}, "variant": variant}
        with translated():
            row = next(self._messages.find(query, hint=BY_RANK).skip(skip).limit(1), None)
        return to_record(row) if row else None

    def _find(self, query: Doc, limit: int) -> Iterator[Message]:
        with self._messages.find(query, batch_size=READ_AT_ONCE).sort(BY_RANK).hint(BY_RANK).limit(limit) as rows:
            yield from rows


def _without(names: Collection[str], record: Doc) -> Doc:
    return {name: value for name, value in record.items() if name not in names} if names else record


def _read(cursor: str, wanted: _Wanted) -> _Place:
    """Raises InvalidInput, also for a cursor of another state or reason."""
    try:
        place = _Place.read(cursor)
    except (ValueError, TypeError):
        place = None
    if place is None or place.rank not in wanted.ranks or wanted.reason not in (None, place.reason):
        raise InvalidInput(f"{cursor!r} is no cursor of this list.", field="cursor")
    return place
