"""What a customer has of a condition and what is lacking, in plain words. Pure; the texts are no Markdown."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final, assert_never

from crm_core.customers.model import Customer
from crm_core.infra.text import fold
from crm_core.money import money_formatter
from crm_core.rules.bound import (
    BoundComparison,
    BoundField,
    BoundGroup,
    BoundList,
    BoundReach,
    BoundRecords,
    BoundSegment,
)
from crm_core.rules.engines.explaining import Explanation
from crm_core.rules.fields import CustomerField, FieldType
from crm_core.rules.tree import ReachRule
from crm_core.rules.wording import describe
from pages._ui.channels import reason_words, suppression_words
from pages._ui.formats import JOINT, money_major, relative_time

MAX_NAMED: Final = 5
MAX_REASONS: Final = 4
_LENGTHS: Final = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


@dataclass(frozen=True)
class ExplanationWords:
    """currency: its code. now: aware UTC, of the evaluation. spelling: folded texts to how they were typed. zone: where
    a date is a day."""

    currency: str
    now: datetime
    spelling: Mapping[str, str] = field(default_factory=dict)
    zone: tzinfo = UTC

    def condition(self, found: Explanation) -> tuple[str, str]:
        """What it is about, and what it asks: ("Total spend", "more than $100")."""
        assert not isinstance(found.bound, BoundGroup)
        return describe(found.bound, money_formatter(self.currency))

    def actual(self, found: Explanation) -> str:
        """ "has $57.20", "5 months ago, on 15 Jan 2026", "none"."""
        match found.bound:
            case BoundList():
                return "is one of them" if found.matches else "is none of them"
            case BoundReach():
                return _lowered(_reach_words(found.bound, found.actual))
            case BoundField() | BoundRecords():
                return self._has(_type(found.bound), found.actual)
            case BoundComparison(other=other):
                beside = self._has(other.type, found.other)
                return f"{self._has(_type(found.bound), found.actual)}; {_lowered(other.label)}: {beside}"
            case _:
                return ""

    def lacking(self, found: Explanation) -> str:
        """ "$42.80 more needed", "3 too many", "50 days too long ago"; empty where there is no distance."""
        if found.distance is None:
            return ""
        assert isinstance(found.bound, BoundField | BoundComparison | BoundRecords)
        if isinstance(found.distance, timedelta):
            return _time_lacking(found.bound.operator.key, found.distance)
        is_money = _type(found.bound) is FieldType.MONEY
        size = money_major(abs(found.distance), self.currency) if is_money else _plain(abs(found.distance))
        if found.distance > 0:
            return f"{size} more needed"
        is_counted = isinstance(found.bound, BoundRecords) or found.bound.field.is_whole
        return f"{size} too {'many' if is_counted and not is_money else 'much'}"

    def value(self, kind: FieldType, value: Any) -> str:
        """A value that is there."""
        match kind:
            case FieldType.MONEY:
                return money_major(value, self.currency)
            case FieldType.NUMBER:
                return _plain(value)
            case FieldType.DATE:
                return (
                    relative_time(value, self.now).replace(JOINT, " ")
                    if isinstance(value, datetime)
                    else f"on {self._day(value)}"
                )
            case FieldType.BOOLEAN:
                return "yes" if value else "no"
            case FieldType.TEXT:
                return self._spelled(value)
            case FieldType.CHOICE:
                return str(value)
            case FieldType.LIST:
                more = f" and {len(value) - MAX_NAMED} more" if len(value) > MAX_NAMED else ""
                return ", ".join(map(self._spelled, value[:MAX_NAMED])) + more
            case _:
                assert_never(kind)

    def _has(self, kind: FieldType, value: Any) -> str:
        if value is None:
            return "none"
        if kind is FieldType.DATE:
            words = self.value(kind, value)
            return f"{words}, on {self._day(value)}" if isinstance(value, datetime) else words
        is_said = kind in {FieldType.BOOLEAN, FieldType.CHOICE}
        return self.value(kind, value) if is_said else f"has {self.value(kind, value)}"

    def _day(self, value: date) -> str:
        """value: a moment or a plain day."""
        day = value.astimezone(self.zone) if isinstance(value, datetime) else value
        return f"{day:%-d %b %Y}"

    def _spelled(self, text: str) -> str:
        return self.spelling.get(text, text)


def spelling_of(record: Customer) -> dict[str, str]:
    """Folded texts of a customer, as CustomerReader gives it, to how they were typed."""
    values = [*record.values(), *record.get("attributes", {}).values()]
    texts = (text for value in values for text in (value if isinstance(value, list) else [value]))
    return {fold(text): text for text in texts if isinstance(text, str)}


def why(found: Explanation, words: ExplanationWords) -> str:
    """Why a customer matches or does not, in a line: "spent $12,400.00 · last ordered 5 months ago"; empty where no
    condition decides."""
    reasons = list(dict.fromkeys(_reason(each, words) for each in _deciding(found)))
    more = [f"{len(reasons) - MAX_REASONS} more"] if len(reasons) > MAX_REASONS else []
    return " · ".join([*reasons[:MAX_REASONS], *more])


def _deciding(found: Explanation) -> Iterator[Explanation]:
    """The conditions that make it so: with one of them otherwise, or all, it would not be."""
    if not isinstance(found.bound, BoundGroup):
        yield found
        return
    kind = found.bound.rule.kind
    needs_every = found.matches is (kind != "any")
    for child in found.children:
        if needs_every or child.matches is (kind != "all"):
            yield from _deciding(child)


def _reason(found: Explanation, words: ExplanationWords) -> str:
    match found.bound:
        case BoundField() | BoundComparison():
            return _field_reason(found.bound.field, found.actual, words)
        case BoundRecords():
            label, _ = words.condition(found)
            has = "none" if found.actual is None else words.value(found.bound.type, found.actual)
            return f"{_lowered(label)}: {has}"
        case BoundReach(channel=channel):
            return f"{channel.label}: {_lowered(_reach_words(found.bound, found.actual))}"
        case BoundSegment():
            return f"{'in' if found.matches else 'not in'} “{found.bound.segment.name}”"
        case _:
            return "picked by hand" if found.matches else "not picked by hand"


def _reach_words(bound: BoundReach, actual: Any) -> str:
    """ "No consent", "Complaint, hard bounce"."""
    if isinstance(bound.rule, ReachRule):
        return reason_words(actual) if actual else "Can be messaged"
    return ", ".join(map(suppression_words, actual)).capitalize() if actual else "Not suppressed"


def _field_reason(about: CustomerField, value: Any, words: ExplanationWords) -> str:
    if value is None:
        return f"no {_lowered(about.label)}"
    if about.yes_no:
        return about.yes_no[0] if value else about.yes_no[1]
    said = words.value(about.type, value)
    if about.phrase:
        return re.sub(r"\b1 times", "1 time", about.phrase.format(said))
    return f"{_lowered(about.label)} {said}"


def _type(bound: BoundField | BoundComparison | BoundRecords) -> FieldType:
    return bound.type if isinstance(bound, BoundRecords) else bound.field.type


def _time_lacking(operator: str, change: timedelta) -> str:
    length, is_later = _length(abs(change)), change > timedelta()
    if operator == "more_than_days_ago":
        return f"{length} more needed"
    if operator == "in_last_days" and is_later:
        return f"{length} too long ago"
    return f"{length} too {'early' if is_later else 'late'}"


def _length(length: timedelta) -> str:
    """Rounded up: so much is enough."""
    for unit, name in _LENGTHS:
        if length > unit:
            return f"{math.ceil(length / unit):,} {name}s"
        if length == unit:
            return f"1 {name}"
    return "1 minute"


def _plain(value: Decimal | float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{Decimal(str(value)).normalize():,f}"


def _lowered(label: str) -> str:
    return label[0].lower() + label[1:]
