"""Rules in request bodies: a tree of JSON, or a text."""

from typing import Annotated, Any

from pydantic import Field

from crm_core.errors import InvalidInput
from crm_core.rules.context import RuleContext
from crm_core.rules.loading import load_rule
from crm_core.rules.text.parsing import MAX_LENGTH, parse_text
from crm_core.rules.tree import AnyRule

RuleJson = Annotated[
    dict[str, Any], Field(examples=[{"kind": "field", "field": "total_spend", "op": "gt", "value": 100}])
]
RuleText = Annotated[str, Field(max_length=MAX_LENGTH, examples=["spend > 100 AND NOT inactive for 90 days"])]


def read_rule(rule: dict[str, Any] | None, text: str | None, context: RuleContext) -> AnyRule | None:
    """The rule of a body that may have one, in either form. Raises InvalidInput when it has both."""
    if rule is not None and text is not None:
        raise InvalidInput("Say the rule once: as rule, a tree, or as text.", field="text")
    if text is not None:
        return parse_text(text, context)
    return None if rule is None else load_rule(rule)


def need_rule(rule: dict[str, Any] | None, text: str | None, context: RuleContext) -> AnyRule:
    """The same for a body that must have one."""
    found = read_rule(rule, text, context)
    if found is None:
        raise InvalidInput("A rule is needed: as rule, a tree, or as text.", field="rule")
    return found
