"""The rule tree: frozen, closed nodes, told apart by ``kind``. What they mean is written elsewhere."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from crm_core.schema.kinds import KEYWORD, MAX_ID_LENGTH
from crm_core.schema.message_states import MessageState
from crm_core.schema.statuses import STATUS_NAMES
from crm_core.schema.suppressions import SuppressionReason

MAX_VALUES = 1000
MAX_LIST = 10_000
MAX_ID = MAX_ID_LENGTH
MAX_DAYS = 36_500
MAX_PROPERTIES = 10
STATUSES = STATUS_NAMES
EVENT_TYPE = KEYWORD
MESSAGE_STATES = tuple(
    str(state) for state in MessageState if state not in {MessageState.PENDING, MessageState.HELD_OUT}
)
"""Those that a rule can count messages by."""
MAX_TAG = 100
REASON = r"^[\w.:-]{1,100}$"

Scalar = bool | int | float | str


def _check_value(value: Any) -> Any:
    """One message for the whole union, not one for each of its types."""
    if _is_scalar(value) or (isinstance(value, list) and len(value) <= MAX_VALUES and all(map(_is_scalar, value))):
        return value
    raise PydanticCustomError(
        "value", "must be a finite number, a text, true, false, or an array of at most 1,000 of these"
    )


def _is_scalar(value: Any) -> bool:
    return isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value))


Value = Annotated[Scalar | list[Scalar], PlainValidator(_check_value, json_schema_input_type=Scalar | list[Scalar])]
Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Id = Annotated[str, Field(min_length=1, max_length=MAX_ID)]
if TYPE_CHECKING:
    Status: TypeAlias = str
    State: TypeAlias = str
else:
    Status = Literal[STATUSES]
    State = Literal[MESSAGE_STATES]
Measure = Literal["count", "sum", "avg", "max", "min", "first", "last"]
DATE_MEASURES = frozenset({"first", "last"})
"""Of orders: those that are times."""
PropertyMeasure = Literal["sum", "avg", "max", "min", "last"]


class Node(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class FieldRule(Node):
    """A condition on one field of the customer; ``value`` is absent for ``is_set`` and ``is_not_set``.

    other_field: what the field is compared with, instead of a value.
    """

    kind: Literal["field"] = "field"
    field: str
    op: str
    value: Value | None = None
    other_field: str | None = None


class ItemRule(Node):
    """A condition on the names of what was bought; ``value`` is absent for ``is_set`` and ``is_not_set``."""

    op: str
    value: Value | None = None


class OrdersRule(Node):
    """A condition on a figure over those of a customer's orders that pass the filters.

    Cancelled, refunded and voided orders count only when ``status`` names them, returns only in the sum or when it
    names them. measure: of the amounts less what was refunded, of returns below 0; over no order the count and the sum
    are 0, the others missing. first, last: the time of the first or the last of them, compared as a date; ``value`` is
    absent for ``is_set`` and ``is_not_set`` alone. value of the other figures but the count, and min_amount: major
    units. item: one of the order's items has such a name, of a negative operator none has. within_days: 24 h each.
    """

    kind: Literal["orders"] = "orders"
    measure: Measure = "count"
    op: str
    value: Value | None = None
    category: str | None = None
    item: ItemRule | None = None
    status: Status | None = None
    min_amount: Annotated[float, Field(ge=0)] | None = None
    within_days: Days | None = None


class PropertyRule(Node):
    """A condition on one property of an event; ``value`` is absent for ``is_set`` and ``is_not_set``."""

    name: Annotated[str, Field(pattern=EVENT_TYPE)]
    op: str
    value: Value | None = None


class EventsRule(Node):
    """A condition on a figure over a customer's events of one type that fulfil all conditions on properties.

    measure: how many they are when absent, else of the numbers that ``property`` has, to six decimal places: last, that
    of the latest event, of several at that time the greatest. Over none the sum is 0, the others are missing.
    """

    kind: Literal["events"] = "events"
    type: Annotated[str, Field(pattern=EVENT_TYPE)]
    op: str
    value: Value
    properties: Annotated[tuple[PropertyRule, ...], Field(min_length=1, max_length=MAX_PROPERTIES)] | None = None
    measure: PropertyMeasure | None = None
    property: Annotated[str, Field(pattern=EVENT_TYPE)] | None = None
    within_days: Days | None = None


class MessagesRule(Node):
    """A condition on how many messages a customer has that reached a state, whatever became of them since.

    sent: attempted, and so are the failed ones. failed, skipped: those that are so now. Whoever was held out has none
    of these. campaign_id: of that campaign. tag: of campaigns that have the tag now. reason: of a failure, or of why
    nothing was sent. within_days: the state was reached in that time, 24 h each.
    """

    kind: Literal["messages"] = "messages"
    state: State
    op: str
    value: Value
    channel: str | None = None
    campaign_id: Id | None = None
    tag: Annotated[str, Field(min_length=1, max_length=MAX_TAG)] | None = None
    reason: Annotated[str, Field(pattern=REASON)] | None = None
    within_days: Days | None = None


class ReachRule(Node):
    """Whoever can be messaged over a channel: nothing forbids it but, maybe, a frequency cap. What others with the same
    address said counts as well."""

    kind: Literal["reach"] = "reach"
    channel: str


class SuppressedRule(Node):
    """Whoever is suppressed on a channel now, or whose address is, or somebody else who has it.

    reason: for that one; of several suppressions one is enough.
    """

    kind: Literal["suppressed"] = "suppressed"
    channel: str
    reason: SuppressionReason | None = None


class SegmentRule(Node):
    """Whoever is in a saved segment, as it is when the rule is evaluated."""

    kind: Literal["segment"] = "segment"
    segment_id: Id


class ListRule(Node):
    """Customers picked by hand; an id that nobody has is nobody."""

    kind: Literal["list"] = "list"
    customer_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_LIST)]


class GroupRule(Node):
    """all: everyone when empty. any: nobody when empty. none: everyone when empty."""

    kind: Literal["all", "any", "none"]
    rules: tuple["Rule", ...] = ()


Condition: TypeAlias = (
    FieldRule | OrdersRule | EventsRule | MessagesRule | ReachRule | SuppressedRule | SegmentRule | ListRule
)
AnyRule: TypeAlias = Condition | GroupRule
Rule = Annotated[AnyRule, Field(discriminator="kind")]
GroupRule.model_rebuild()

EVERYONE = GroupRule(kind="all")


def walk(rule: AnyRule) -> Iterator[Condition]:
    """Every condition, in the order of the tree."""
    if isinstance(rule, GroupRule):
        for child in rule.rules:
            yield from walk(child)
    else:
        yield rule
