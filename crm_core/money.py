"""Amounts of money for people to read."""

from collections.abc import Callable

from babel.numbers import format_currency, get_currency_precision


def money_formatter(currency: str) -> Callable[[float], str]:
    """Formats major units in ``currency``, without decimals when there are none: $100, $99.50."""
    no_decimals = "." + "0" * get_currency_precision(currency)

    def show(amount: float) -> str:
        return format_currency(amount, currency, locale="en").removesuffix(no_decimals)

    return show
