"""What is answered about accepted records and about the process itself."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict


class RecordError(TypedDict):
    """A rule that a record breaks."""

    field: Annotated[str, Field(description="Its path, such as `consent.sms`; empty for the record itself.")]
    message: str


class RejectedRecord(TypedDict):
    """A record that was not accepted."""

    index: Annotated[int, Field(description="Its position in the request, from 0.")]
    errors: list[RecordError]


class AcceptedRecords(TypedDict):
    """How many records were accepted, and which were not."""

    accepted: int
    rejected: list[RejectedRecord]
    denials_kept: NotRequired[
        Annotated[int, Field(description="With `keep_denials`: denials on record that records would have lifted.")]
    ]


class AcceptedReceipts(TypedDict):
    """The receipts were accepted."""

    accepted: Literal[True]


class StreamBacklog(TypedDict):
    """Accepted records that are not stored yet."""

    waiting: int
    oldest: Annotated[str | None, Field(description="The position of the first of them; null when none waits.")]


class Ingestion(TypedDict):
    """How far accepted records are stored."""

    workspace: Annotated[str, Field(description="Identifies this database; another or an emptied one has another.")]
    streams: dict[str, StreamBacklog]


class Health(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class Readiness(TypedDict):
    """The servers that are needed answer."""

    status: Literal["ok"]
    checks: dict[str, str]
