"""Amounts of money: between minor and major units without loss, and for people to read."""

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import TypeAlias

from babel.numbers import format_currency, get_currency_precision

Digits: TypeAlias = Callable[[], int]
"""Asked for the minor digits of the workspace's currency when an amount is met: it is chosen before the first one."""


@cache
def currency_digits(currency: str) -> int:
    """Minor digits: 2 for USD, 0 for JPY. Source: Unicode CLDR, through Babel."""
    return get_currency_precision(currency)


def to_minor(amount: Decimal, digits: int) -> int:
    """Major units (29.33) as an integer of minor units (2933). Raises ValueError for more decimals than ``digits``."""
    scaled = amount.scaleb(digits)
    minor = int(scaled)
    if minor != scaled:
        raise ValueError(f"an amount with more than {digits} decimals")
    return minor


def to_major(amount_minor: int, digits: int) -> Decimal:
    """Minor units (2933) as a decimal of major units (29.33)."""
    return Decimal(amount_minor).scaleb(-digits)


def money_formatter(currency: str) -> Callable[[float], str]:
    """Formats major units in ``currency``, without decimals when there are none: $100, $99.50."""
    no_decimals = "." + "0" * currency_digits(currency)

    def show(amount: float) -> str:
        return format_currency(amount, currency, locale="en").removesuffix(no_decimals)

    return show
