"""Amounts of money for people to read."""

from collections.abc import Callable

from babel.numbers import format_currency


def money_formatter(currency: str) -> Callable[[float], str]:
    """Formats major units in ``currency``, without decimals when there are none: $100, $99.50."""

    def show(amount: float) -> str:
        text = format_currency(amount, currency, locale="en")
        return text.removesuffix(".00")

    return show
