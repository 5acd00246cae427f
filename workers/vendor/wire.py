"""The vendor's JSON: what ``POST /v1/messages`` takes and gives."""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crm_core.channels.wire import ChannelName
from crm_core.plain_messages import plain_message
from workers.vendor.problems import FieldError, Problem

MAX_MESSAGES = 500
MAX_BODY_BYTES = 16 * 1024 * 1024  # 500 messages of the longest text
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Key = Annotated[str, Field(min_length=1, max_length=400)]


class Message(BaseModel):
    """One message to send. ``key`` makes it idempotent: ``row_id#n``.

    unsubscribe_url: for the headers List-Unsubscribe and List-Unsubscribe-Post (RFC 8058) of an e-mail.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: _Key
    to: Annotated[str, Field(min_length=1, max_length=320)]
    channel: ChannelName
    subject: Annotated[str, Field(max_length=1_000)] | None = None
    preheader: Annotated[str, Field(max_length=1_000)] | None = None
    from_name: Annotated[str, Field(max_length=200)] | None = None
    reply_to: Annotated[str, Field(max_length=320)] | None = None
    unsubscribe_url: Annotated[str, Field(max_length=2_000)] | None = None
    body: Annotated[str, Field(min_length=1, max_length=30_000)]


class Batch(BaseModel):
    """Messages of one campaign; refused as a whole when one of them is malformed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign: _Text
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]


class Result(TypedDict):
    """The answer for one message; ``id`` stays the same however often the key comes, and is null when rejected."""

    key: str
    id: str | None
    status: Literal["accepted", "duplicate", "rejected"]
    reason: NotRequired[str]


def parse_batch(body: bytes) -> Batch:
    """Parse a request's body; Problem 400 when it is no JSON, 422 naming the fields when it breaks a rule."""
    try:
        return Batch.model_validate_json(body)
    except ValidationError as exc:
        # The input is not passed on: it holds addresses and message texts.
        errors = [
            FieldError(".".join(str(step) for step in error["loc"]), plain_message(error))
            for error in exc.errors(include_input=False, include_url=False)
        ]
        if not errors[0].field:
            raise Problem(400, "Not a JSON object", errors[0].message) from exc
        raise Problem(422, "Invalid batch", f"{errors[0].field} {errors[0].message}.", errors) from exc
