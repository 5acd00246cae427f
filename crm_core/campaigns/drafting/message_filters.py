"""The filters that ClientNest adds to Liquid, or has for one of its own."""

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from liquid import Environment
from liquid.builtin.filters import misc
from liquid.exceptions import FilterArgumentError
from liquid.filter import liquid_filter, math_filter, num_arg, with_environment
from liquid.undefined import is_undefined

from crm_core.campaigns.drafting.message_values import MessageFormat, Moment

MAX_DATE_TEXT = 100
MAX_DECIMALS = 10
MAX_EXACT = 2**53
"""Beyond it a float has no decimals."""
_DIRECTIVE = re.compile(r"%[%s]")


class FormattingEnvironment(Environment):
    """formatting: how the filters of this module write amounts and days."""

    formatting = MessageFormat()


@with_environment
@liquid_filter
def money(value: Any, *, environment: FormattingEnvironment) -> str:
    """An amount with its currency. Nothing for a missing one, so that ``default`` fills it."""
    if is_undefined(value) or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FilterArgumentError(f"money expected a number, found {type(value).__name__}", token=None)
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise FilterArgumentError("money expected a number", token=None)
    return environment.formatting.money(amount)


@with_environment
@liquid_filter
def date(value: Any, pattern: Any, *, environment: FormattingEnvironment) -> str:
    """Liquid's filter, in the workspace's time zone: python-liquid's own takes that of the machine.

    What is no date stays as it is, as in Liquid. Raises ValueError for a pattern that the platform refuses.
    """
    if is_undefined(value) or is_undefined(pattern) or not pattern:
        return str(value)
    if isinstance(value, str) and len(value) > MAX_DATE_TEXT:
        return value
    moment = _to_moment(value, environment.formatting.zone)
    if moment is None:  # dates in words
        return str(misc.date(value, pattern, environment=environment))
    return moment.strftime(_DIRECTIVE.sub(lambda found: _timestamp(found[0], moment), str(pattern)))


@math_filter
def round_half_up(number: float, digits: Any = 0) -> float:
    """Liquid's filter ``round``: python-liquid's own makes 1234 of 1234.5."""
    places = min(int(num_arg(digits, default=0)), MAX_DECIMALS)
    if places >= 0 and (isinstance(number, int) or abs(number) > MAX_EXACT):  # nothing is behind the point
        return number if places else int(number)
    rounded = Decimal(str(number)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return float(rounded) if places > 0 else int(rounded)


def _timestamp(directive: str, moment: datetime) -> str:
    """The platform's ``%s`` ignores the time zone."""
    return str(int(moment.timestamp())) if directive == "%s" else directive


def _to_moment(value: Any, zone: ZoneInfo) -> datetime | None:
    match value:
        case Moment():
            return value.at
        case "now" | "today":
            return datetime.now(zone)
        case int() if not isinstance(value, bool):
            return datetime.fromtimestamp(value, zone)
        case str() if value.isdecimal():
            return datetime.fromtimestamp(int(value), zone)
        case str():
            return _read_iso(value, zone)
        case _:
            return None


def _read_iso(text: str, zone: ZoneInfo) -> datetime | None:
    """Without an offset it means a day and an hour of the workspace."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)
