"""Amounts as people read them."""

import pytest

from crm_core.money import money_formatter


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [
        ("USD", 100, "$100"),
        ("USD", 99.5, "$99.50"),
        ("USD", 0, "$0"),
        ("USD", 1234567.89, "$1,234,567.89"),
        ("USD", -5, "-$5"),
        ("EUR", 10, "€10"),
        ("INR", 250.25, "₹250.25"),
        ("JPY", 1500, "¥1,500"),
        ("KWD", 1.5, "KWD1.500"),
        ("KWD", 7, "KWD7"),
    ],
)
def test_amounts_show_their_currency_and_decimals_only_when_they_have_some(
    currency: str, amount: float, shown: str
) -> None:
    assert money_formatter(currency)(amount) == shown
