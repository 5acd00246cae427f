"""Operators and values in plain words."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from crm_core.rules.fields import FieldType
from crm_core.rules.operators import Operator, Takes
from crm_core.rules.tree import Value

MAX_NAMED = 5
Money = Callable[[float], str]
"""Formats an amount of major units in the workspace's currency."""


def predicate_words(
    operator: Operator, kind: FieldType, value: Value | None, money: Money, *, in_sentence: bool = False
) -> str:
    """On a chip the operator has the label that the editor offers, else the words of the sentence."""
    words = operator.words if in_sentence or operator.takes is Takes.DAYS else operator.label
    match operator.takes:
        case Takes.NOTHING:
            return operator.label
        case Takes.DAYS:
            return re.sub(r"\b(last|next) 1 day", r"\1 day", words.format(days_words(value)))
        case Takes.PERCENT:
            return operator.words.format(value)
        case Takes.RANGE:
            assert isinstance(value, list)
            low, high = (_word(kind, end, money) for end in value)
            return words.format(low, high) if in_sentence else f"{words} {low} and {high}"
        case Takes.MANY:
            assert isinstance(value, list)
            return _listed(operator, words, value, in_sentence=in_sentence)
        case Takes.ONE:
            return words.format(_word(kind, value, money)) if in_sentence else f"{words} {_word(kind, value, money)}"


def _listed(operator: Operator, words: str, values: list[Any], *, in_sentence: bool) -> str:
    """``any of “a”, “b”``; one value needs no ``any of``."""
    more = f" and {len(values) - MAX_NAMED} more" if len(values) > MAX_NAMED else ""
    named = ", ".join(f"“{value}”" for value in values[:MAX_NAMED]) + more
    if not in_sentence:
        return f"{words} {named}"
    if len(values) == 1 and operator.key in {"has_any", "has_all"}:
        return named
    return words.format(named)


def _word(kind: FieldType, value: Any, money: Money) -> str:
    match kind:
        case FieldType.MONEY:
            return money(value)
        case FieldType.NUMBER:
            return f"{value:,}"
        case FieldType.BOOLEAN:
            return "yes" if value else "no"
        case FieldType.DATE:
            return f"{date.fromisoformat(value):%-d %b %Y}"
        case FieldType.CHOICE:
            return str(value)
        case _:
            return f"“{value}”"


def counted(words: str) -> str:
    """Of what is counted there are fewer, not less."""
    return words.replace("less than", "fewer than")


def last_days(days: Value | None) -> str:
    return "in the last day" if days == 1 else f"in the last {days_words(days)}"


def days_words(value: Value | None) -> str:
    return "1 day" if value == 1 else f"{value:,} days"


def lowered(label: str) -> str:
    return label[0].lower() + label[1:]


def verb(kind: FieldType, words: str) -> str:
    """Custom attributes have no phrase of their own."""
    match kind:
        case FieldType.NUMBER | FieldType.MONEY:
            return f"is {words}"
        case FieldType.DATE:
            return f"was {words}"
        case FieldType.LIST:
            return f"include {words}"
        case _:
            return words
