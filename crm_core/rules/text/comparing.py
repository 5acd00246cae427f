"""What the text says of a field or a figure: from a spelling of the registry to operator and value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token
from lark.tree import Meta

from crm_core.errors import BadRule
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import FieldType, nearest
from crm_core.rules.operators import Operator, Takes, operators_for, operators_for_figures
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
    said: Said, kind: FieldType | None, subject: str, context: RuleContext, choices: Sequence[str] = ()
) -> dict[str, Any]:
    """``op`` and ``value`` of a condition. kind: of the field; None for a figure over records. choices: of the field;
    these need no quotes.

    Raises BadRuleText at the operator if it does not go with the kind, at the value if that does not.
    """
    operator = _find(said, kind, subject)
    if operator.takes is Takes.NOTHING:
        return {"op": operator.key}
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
        if token.type == "WORD" and kind in {FieldType.TEXT, FieldType.LIST}:
            raise BadRule(f'texts are written in quotes: "{cut(token)}".')
    return value


def _find(said: Said, kind: FieldType | None, subject: str) -> Operator:
    offered = operators_for(kind) if kind else operators_for_figures()
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
