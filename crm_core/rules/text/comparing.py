"""What the text says of a field or a figure: from a spelling of the registry to operator and value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token
from lark.tree import Meta

from crm_core.errors import BadRule, UnknownField
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import FieldType, check_comparable, nearest
from crm_core.rules.operators import (
    Operator,
    Takes,
    check_relation,
    operators_for,
    operators_for_figures,
    operators_for_properties,
)
from crm_core.rules.quoting import cut
from crm_core.rules.text.literals import at, read_literal
from crm_core.rules.tree import MAX_VALUES
from crm_core.rules.values import check_value


@dataclass(frozen=True)
class Said:
    """A predicate as it was written."""

    spelling: str
    values: Sequence[Token]
    place: Token | Meta


def read_comparison(
    said: Said,
    kind: FieldType | None,
    subject: str,
    context: RuleContext,
    choices: Sequence[str] = (),
    *,
    is_field: bool = True,
) -> dict[str, Any]:
    """``op`` and ``value``, or ``other_field``, of a condition. kind: of the field; None for a figure over records.
    choices: of the field; these need no quotes. is_field: whether it is one of the customer, which another may stand
    beside.

    Raises BadRuleText at the operator if it does not go with the kind, at the value if that does not.
    """
    operator = _find(said, kind, subject, is_field=is_field)
    if operator.takes is Takes.NOTHING:
        return {"op": operator.key}
    if said.values[0].type == "OTHER" and operator.takes is Takes.ONE and not choices:
        return {
            "op": operator.key,
            "other_field": _read_other(said.values[0], operator, kind if is_field else None, subject, context),
        }
    if len(said.values) > MAX_VALUES:
        with at(said.place):
            raise BadRule(f"{MAX_VALUES:,} texts may stand here, not {len(said.values):,}.")
    values = [_read(token, kind, choices) for token in said.values]
    value = values if operator.takes in {Takes.MANY, Takes.RANGE} else values[0]
    checked = [[one] for one in values] if operator.takes is Takes.MANY else [value]
    for token, one in zip(said.values, checked, strict=False):
        with at(token):
            check_value(operator, kind or FieldType.NUMBER, one, context.fold)
    return {"op": operator.key, "value": value}


def _read(token: Token, kind: FieldType | None, choices: Sequence[str]) -> Any:
    """Raises BadRuleText for a name without quotes, and for what is none of the choices."""
    value = read_literal(token)
    with at(token):
        if choices:
            said = str(value if token.type == "STRING" else token).lower()
            if said not in choices:
                raise BadRule(f"{cut(token)} is none of the values of this field.{nearest(said, choices)}")
            return said
        if token.type == "OTHER" and kind in {FieldType.TEXT, FieldType.LIST}:
            raise BadRule(f'texts are written in quotes: "{cut(token)}".')
    return value


def _read_other(token: Token, operator: Operator, kind: FieldType | None, subject: str, context: RuleContext) -> str:
    """The field that stands where a value would."""
    with at(token):
        if kind is None:
            raise BadRule(f"{subject} is not compared with a field; a value stands here, a text in quotes.")
        check_relation(operator, kind, "text")
        try:
            other = context.catalogue.find_word(token, "text")
        except UnknownField as exc:
            hint = f' Texts are written in quotes: "{cut(token)}".' if kind is FieldType.TEXT else ""
            raise BadRule(f"{str(exc).removeprefix('text: ')}{hint}", field="text") from None
        check_comparable(context.catalogue.find_word(subject, "text"), other, "text")
        return other.name


def _find(said: Said, kind: FieldType | None, subject: str, *, is_field: bool) -> Operator:
    of_kind = operators_for if is_field else operators_for_properties
    offered = of_kind(kind) if kind else operators_for_figures()
    for operator in offered:
        if said.spelling in operator.spellings:
            return operator
    what = f"{subject}, which is a {kind} field" if kind else subject
    allowed = ", ".join(readable(operator.spellings[0]) for operator in offered)
    with at(said.place):
        raise BadRule(f"{readable(said.spelling)} does not go with {what}; allowed are: {allowed}.")
    raise AssertionError


def readable(spelling: str) -> str:
    """A spelling without the places of its values: ``not between … and …``."""
    return (
        spelling.replace(" {}", "", 1)
        if spelling.count("{}") == 1 and spelling.endswith("{}")
        else spelling.replace("{}", "…")
    )
