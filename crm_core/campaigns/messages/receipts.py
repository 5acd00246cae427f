"""Delivery receipts: what the vendor sends, and how the message log books them in bulk."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from crm_core.campaigns.messages.booking import Bookings, StateChange
from crm_core.campaigns.messages.failure_suppressor import FailureSuppressor
from crm_core.campaigns.messages.rows import MAX_KEY
from crm_core.campaigns.states import RowReason
from crm_core.errors import InvalidInput
from crm_core.infra.streams import Entry
from crm_core.plain_messages import plain_message
from crm_core.schema.message_states import MessageState

MAX_RECEIPTS = 1000
FIRST_MOMENT, LAST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Between them every time can be moved to UTC."""


class Receipt(BaseModel):
    """key: the idempotency key of the message, ``row_id#n``."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    key: Annotated[str, Field(min_length=3, max_length=MAX_KEY, pattern=r"^[^#]+:[^\x00]+#[0-9]+$")]
    vendor_id: Annotated[str, Field(max_length=100)] | None = None
    status: Literal["delivered", "failed", "opened", "clicked"]
    reason: Annotated[str, Field(max_length=100)] | None = None
    at: Annotated[AwareDatetime, Field(ge=FIRST_MOMENT, lt=LAST_MOMENT)]


class ReceiptBatch(BaseModel):
    """Receipts of several messages."""

    receipts: Annotated[list[Receipt], Field(min_length=1, max_length=MAX_RECEIPTS)]


def _kind(body: Any) -> str:
    return "many" if isinstance(body, dict) and "receipts" in body else "one"


_BODY: TypeAdapter[ReceiptBatch | Receipt] = TypeAdapter(
    Annotated[Annotated[ReceiptBatch, Tag("many")] | Annotated[Receipt, Tag("one")], Discriminator(_kind)]
)


def parse_receipts(body: bytes) -> bytes:
    """One receipt or ``{"receipts": […]}`` as the payload of a stream entry. Raises InvalidInput."""
    try:
        parsed = _BODY.validate_json(body)
    except ValidationError as exc:
        error = exc.errors(include_url=False)[0]
        where = ".".join(str(part) for part in error["loc"][1:]) or "body"
        raise InvalidInput(f"The receipt is not valid: {where} {plain_message(error)}.", field=where) from None
    batch = parsed if isinstance(parsed, ReceiptBatch) else ReceiptBatch(receipts=[parsed])
    return batch.model_dump_json(exclude_none=True).encode()


class ReceiptBooker:
    def __init__(self, bookings: Bookings, suppressor: FailureSuppressor) -> None:
        self._bookings = bookings
        self._suppressor = suppressor

    def handle(self, entries: Sequence[Entry]) -> Mapping[str, str]:
        """Book all receipts of the entries at once; those for unknown messages, or another try, change nothing. What a
        failure says of an address is kept."""
        changes: list[StateChange] = []
        refused: dict[str, str] = {}
        for entry in entries:
            try:
                batch = ReceiptBatch.model_validate_json(entry.data)
            except ValidationError as exc:
                refused[entry.id] = f"no receipts: {exc.error_count()} errors"
                continue
            changes += [_to_change(receipt) for receipt in batch.receipts]
        self._bookings.book(changes)
        self._suppressor.note_receipts({each.key: each.reason for each in changes if each.reason})
        return refused


def _to_change(receipt: Receipt) -> StateChange:
    """A reason that only we can give is none: a row with that is not retried."""
    is_reason = receipt.status == "failed" and receipt.reason != RowReason.OUTCOME_UNKNOWN
    reason = receipt.reason if is_reason else None
    return StateChange(receipt.key, MessageState(receipt.status), receipt.at.astimezone(UTC), reason)
