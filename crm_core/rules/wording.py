"""One condition in plain words: as label and predicate on a chip, and as a phrase of the sentence."""

import re
from typing import assert_never

from crm_core.rules.bound import (
    BoundComparison,
    BoundCondition,
    BoundField,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
)
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.operators import Takes
from crm_core.rules.reach_words import reach_label, reach_phrase, reach_words
from crm_core.rules.wording_records import filter_words, records_label, records_phrase
from crm_core.rules.wording_values import Money, counted, days_words, lowered, predicate_words, verb


def describe(bound: BoundCondition | BoundSegment, money: Money) -> tuple[str, str]:
    """What a condition is about, and what it says of it: ("Total spend", "more than $100")."""
    match bound:
        case BoundField():
            return bound.field.label, _field_words(bound, money)
        case BoundComparison():
            return bound.field.label, f"{bound.operator.label} {_theirs(bound.other)}"
        case BoundRecords():
            words = predicate_words(bound.operator, bound.type, bound.rule.value, money)
            return f"{records_label(bound)}{filter_words(bound, money)}", words
        case BoundReach():
            return reach_label(bound.rule.kind, bound.channel.label), reach_words(bound.rule)
        case BoundSegment():
            return "Segment", f"“{bound.segment.name}”"
        case BoundList():
            return "Picked by hand", _customers(bound)
        case _:
            assert_never(bound)


def to_phrase(bound: BoundCondition | BoundSegment, money: Money) -> str:
    """What a condition says of a customer: ``spent more than $100``."""
    match bound:
        case BoundField():
            return _field_phrase(bound, money)
        case BoundComparison():
            return _comparison_phrase(bound)
        case BoundRecords():
            return records_phrase(bound, money)
        case BoundReach():
            return reach_phrase(bound)
        case BoundSegment():
            return f"is in the segment “{bound.segment.name}”"
        case BoundList():
            count = len(bound.rule.customer_ids)
            return f"is one of {count:,} customers picked by hand" if count > 1 else "is a customer picked by hand"
        case _:
            assert_never(bound)


def _field_words(bound: BoundField, money: Money) -> str:
    if bound.field.idle and bound.operator.key == "is_not_set":
        return f"never {bound.field.idle.never}"
    return predicate_words(bound.operator, bound.field.type, bound.rule.value, money)


def _field_phrase(bound: BoundField, money: Money) -> str:
    found, operator, value = bound.field, bound.operator, bound.rule.value
    if found.idle and operator.key == "is_not_set":
        return f"has never {found.idle.never}"
    if operator.takes is Takes.NOTHING:
        return f"{operator.words} {lowered(found.label)}"
    if found.idle and operator.key == "more_than_days_ago":
        return found.idle.phrase.format(days_words(value))
    if found.yes_no:
        return found.yes_no[0] if value else found.yes_no[1]
    words = predicate_words(operator, found.type, value, money, in_sentence=True)
    if operator.takes is Takes.PERCENT:
        return f"{words} by {lowered(found.label)}"
    if operator.has_verb:
        return f"{lowered(found.label)} {words}"
    return _phrase_around(found, words)


def _theirs(other: CustomerField) -> str:
    """The field of the same customer that another one is compared with."""
    return f"their {lowered(other.label)}"


def _comparison_phrase(bound: BoundComparison) -> str:
    """Counts have labels in the plural; "more than their orders times" would be no English."""
    words = bound.operator.words.format(_theirs(bound.other))
    is_count = bound.field.unit and bound.field.type is FieldType.NUMBER
    return f"{lowered(bound.field.label)} are {words}" if is_count else _phrase_around(bound.field, words)


def _phrase_around(found: CustomerField, words: str) -> str:
    if found.unit and found.type is FieldType.NUMBER:
        return re.sub(r"\b1 times", "1 time", found.phrase.format(counted(words)))
    return found.phrase.format(words) if found.phrase else f"{lowered(found.label)} {verb(found.type, words)}"


def _customers(bound: BoundList) -> str:
    count = len(bound.rule.customer_ids)
    return f"{count:,} customer" if count == 1 else f"{count:,} customers"
