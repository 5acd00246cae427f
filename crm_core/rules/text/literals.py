"""The literals of the rule text, both ways, and the place that an error names."""

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lark import Token
from lark.tree import Meta

from crm_core.errors import BadRule, BadRuleText, InvalidInput
from crm_core.rules.quoting import cut, shown
from crm_core.rules.tree import MAX_ID

MAX_DIGITS = 30
SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)


@contextmanager
def at(place: Token | Meta) -> Iterator[None]:
    """Give an error that is raised within its place in the text, instead of one in a tree."""
    try:
        yield
    except BadRuleText:
        raise
    except InvalidInput as exc:
        message = str(exc).removeprefix(f"{exc.field}: ")
        raise BadRuleText(message, line=place.line or 1, column=place.column or 1) from None


def read_literal(token: Token) -> Any:
    """A number as int or float, a date as its text, a text without its quotes, or a bool."""
    match token.type:
        case "NUMBER":
            return _number(token)
        case "BOOLEAN":
            return token.lower() in {"true", "yes"}
        case "STRING":
            return _unquoted(token)
        case _:
            return str(token)


def read_id(token: Token, what: str) -> str:
    """The id in quotes that ``token`` must be."""
    value = read_literal(token)
    with at(token):
        if token.type != "STRING":
            raise BadRule(f'{cut(token)} is not {what} in quotes, such as "c-17".')
        if not 1 <= len(value) <= MAX_ID or SURROGATE.search(value):
            raise BadRule(f"{shown(value)} is not {what}: a text of 1 to {MAX_ID} characters.")
    return str(value)


def quoted(text: str) -> str:
    """As ``read_literal`` reads it."""
    return json.dumps(text, ensure_ascii=False)


def printed(value: Any) -> str:
    """A number, a text or a bool as the text has it."""
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def _number(token: Token) -> int | float:
    if len(token) > MAX_DIGITS:
        with at(token):
            raise BadRule(f"a number may have {MAX_DIGITS} digits.")
    value = float(token) if set(token) & set(".eE") else int(token)
    if value in (math.inf, -math.inf):
        with at(token):
            raise BadRule(f"{token} is beyond what a number can be.")
    return value


def _unquoted(token: Token) -> str:
    body = token[1:-1]
    if token[0] == "'":
        body = _ESCAPED_OR_QUOTE.sub(lambda found: {"\\'": "'", '"': '\\"'}.get(found[0], found[0]), body)
    try:
        return str(json.loads(f'"{body}"', strict=False))
    except ValueError:
        with at(token):
            raise BadRule(
                r"after \ comes one of: \" \\ \/ \b \f \n \r \t, or \u and four hexadecimal digits."
            ) from None
        raise
