"""The rule tree: frozen, closed nodes, told apart by ``kind``. What they mean is written elsewhere."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError, to_json

from crm_core.errors import BadRule

MAX_DEPTH = 8
MAX_NODES = 200

MAX_VALUES = 1000

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


Value = Annotated[Scalar | list[Scalar], PlainValidator(_check_value)]


class Node(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class FieldRule(Node):
    """A condition on one field of the customer; ``value`` is absent for ``is_set`` and ``is_not_set``."""

    kind: Literal["field"] = "field"
    field: str
    op: str
    value: Value | None = None


class OrdersRule(Node):
    """A condition on how many orders a customer has, of those that pass the filters.

    Cancelled orders count only when ``status`` names them. min_amount: major units. within_days: 24 h each.
    """

    kind: Literal["orders"] = "orders"
    measure: Literal["count"] = "count"
    op: str
    value: Value
    category: str | None = None
    status: Literal["pending", "confirmed", "shipped", "delivered", "cancelled"] | None = None
    min_amount: Annotated[float, Field(ge=0)] | None = None
    within_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


class GroupRule(Node):
    """all: everyone when empty. any: nobody when empty. none: everyone when empty."""

    kind: Literal["all", "any", "none"]
    rules: tuple["Rule", ...] = ()


Rule = Annotated[FieldRule | OrdersRule | GroupRule, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[FieldRule | OrdersRule | GroupRule] = TypeAdapter(Rule)

EVERYONE = GroupRule(kind="all")


def load_rule(data: Any) -> FieldRule | OrdersRule | GroupRule:
    """Read a tree from JSON values. Raises BadRule with the path of the node and what is allowed there."""
    _check_bounds(data)
    try:
        return _ADAPTER.validate_json(to_json(data, inf_nan_mode="constants"))
    except ValidationError as exc:
        error = exc.errors(include_url=False)[0]
        raise BadRule(f"{_path(error['loc'])}: {error['msg']}", field=_path(error["loc"])) from None
    except ValueError as exc:
        raise BadRule(f"rule: is no JSON: {exc}", field="rule") from None


def dump_rule(rule: FieldRule | OrdersRule | GroupRule) -> dict[str, Any]:
    """The tree as JSON values; ``load_rule`` gives it back."""
    data: dict[str, Any] = _ADAPTER.dump_python(rule, mode="json", exclude_none=True)
    return data


def walk(rule: FieldRule | OrdersRule | GroupRule, path: str = "rule") -> Iterator[tuple[str, FieldRule | OrdersRule]]:
    """Every condition with its path, such as ``rule.rules[1]``, in the order of the tree."""
    if isinstance(rule, GroupRule):
        for index, child in enumerate(rule.rules):
            yield from walk(child, f"{path}.rules[{index}]")
    else:
        yield path, rule


def has_conditions(rule: FieldRule | OrdersRule | GroupRule) -> bool:
    """Whether anything in the tree asks something of a customer; if not, it may well mean everyone."""
    return any(True for _ in walk(rule))


def _check_bounds(data: Any) -> None:
    """Refuse what is too deep or too large before any recursion over it."""
    level, depth, nodes = [data], 0, 0
    while level:
        depth, nodes = depth + 1, nodes + len(level)
        if depth > MAX_DEPTH:
            raise BadRule(f"A rule may nest {MAX_DEPTH} levels deep, this one goes deeper.", field="rule")
        if nodes > MAX_NODES:
            raise BadRule(f"A rule may have {MAX_NODES} nodes, this one has more.", field="rule")
        groups = [
            node["rules"] for node in level if isinstance(node, dict) and isinstance(node.get("rules"), list | tuple)
        ]
        level = [child for children in groups for child in children]


def _path(location: tuple[int | str, ...]) -> str:
    """``("all", "rules", 1, "field", "value")`` as ``rule.rules[1].value``: tags of the union are not part of it."""
    path, after_rules = "rule", True
    for part in location:
        if isinstance(part, int):
            path, after_rules = f"{path}[{part}]", True
        elif after_rules and part in {"field", "orders", "all", "any", "none"}:
            after_rules = False
        else:
            path, after_rules = f"{path}.{part}", False
    return path
