"""Amounts as people read them."""

from decimal import Decimal

import pytest

from crm_core.money import currency_digits, money_formatter, to_major, to_minor


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


@pytest.mark.parametrize(("currency", "digits"), [("USD", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3)])
def test_a_currency_brings_its_minor_digits(currency: str, digits: int) -> None:
    assert currency_digits(currency) == digits


@pytest.mark.parametrize(("minor", "digits", "text"), [(2933, 2, "29.33"), (2933, 0, "2933"), (5, 3, "0.005")])
def test_minor_units_and_back_lose_nothing(minor: int, digits: int, text: str) -> None:
    assert str(to_major(minor, digits)) == text
    assert to_minor(to_major(minor, digits), digits) == minor


def test_an_amount_with_more_decimals_than_the_currency_is_refused() -> None:
    assert to_minor(Decimal("12.50"), 2) == 1250
    with pytest.raises(ValueError, match="more than 0 decimals"):
        to_minor(Decimal("12.50"), 0)
