"""The document of every error."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.api.answers.operations import RecordError, RejectedRecord


class ProblemDocument(TypedDict):
    """RFC 9457: what went wrong, and where the kind of problem has such a place."""

    type: str
    title: str
    status: int
    detail: str
    field: NotRequired[Annotated[str, Field(description="The field of the body that is not valid.")]]
    line: NotRequired[Annotated[int, Field(description="Of the text of a rule.")]]
    column: NotRequired[Annotated[int, Field(description="Of the text of a rule.")]]
    errors: NotRequired[Annotated[list[RecordError], Field(description="Every field that is not valid.")]]
    accepted: NotRequired[Annotated[int, Field(description="Records that were accepted: 0.")]]
    rejected: NotRequired[list[RejectedRecord]]
    checks: NotRequired[Annotated[dict[str, str], Field(description="What each server answered.")]]
