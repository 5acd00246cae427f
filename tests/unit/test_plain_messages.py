"""One table of messages for values that break a rule."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, get_args

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_core.core_schema import ErrorType

from crm_core.plain_messages import MESSAGES, NOT_VALID, plain_message

MOMENT = 'must be an ISO 8601 time with its zone, such as "2026-01-31T18:00:00Z"'


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    size: int

    @field_validator("size")
    @classmethod
    def _even(cls, size: int) -> int:
        if size % 2:
            raise ValueError("must be even")
        return size


def said(kind: Any, value: Any, *, strict: bool = False) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value, strict=strict)
    return plain_message(caught.value.errors()[0])


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (str, 5, "must be a text"),
        (Annotated[str, Field(min_length=1)], "", "must not be empty"),
        (Annotated[str, Field(min_length=3)], "ab", "must have at least 3 characters"),
        (Annotated[str, Field(max_length=3)], "abcd", "must have at most 3 characters"),
        (Annotated[str, Field(pattern="^a$")], "b", "must match the pattern ^a$"),
        (int, "x", "must be a whole number"),
        (int, 1.5, "must be a whole number"),
        (Annotated[int, Field(ge=1)], 0, "must be at least 1"),
        (Annotated[float, Field(le=1)], 1.5, "must be at most 1"),
        (Annotated[float, Field(gt=0.5)], 0.5, "must be more than 0.5"),
        (Annotated[float, Field(allow_inf_nan=False)], float("nan"), "must be a finite number"),
        (bool, "perhaps", "must be true or false"),
        (Colour, "green", "must be one of 'red' or 'blue'"),
        (Literal["a", "b"], "c", "must be one of 'a' or 'b'"),
        (list[int], 5, "must be an array"),
        (Annotated[list[int], Field(min_length=1)], [], "must have at least 1 entry"),
        (Annotated[list[int], Field(max_length=2)], [1, 2, 3], "must have at most 2 entries"),
        (dict[str, int], 5, "must be an object"),
        (Closed, 5, "must be an object"),
        (Closed, {}, "is required"),
        (Closed, {"size": 2, "more": 1}, "is no known field"),
        (Closed, {"size": 3}, "must be even"),
        (datetime, "soon", MOMENT),
        (AwareDatetime, "2026-01-31T18:00:00", MOMENT),
        (AwareDatetime, "2026-13-01T00:00:00Z", MOMENT),
    ],
)
def test_a_fault_is_said_in_plain_words(kind: Any, value: Any, message: str) -> None:
    assert said(kind, value) == message


def test_only_kinds_of_errors_that_pydantic_has_are_in_the_table() -> None:
    assert set(MESSAGES) <= set(get_args(ErrorType))


def test_a_kind_without_words_of_ours_is_not_said_in_those_of_pydantic() -> None:
    assert said(bytes, 5) == NOT_VALID


def test_our_own_validators_word_their_errors_themselves() -> None:
    error = PydanticCustomError("money_range", "must be between 0 and 5")
    assert plain_message({"type": "money_range", "loc": (), "input": 9, "msg": error.message()}) == error.message()
