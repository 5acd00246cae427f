"""Values as message templates see them: amounts are numbers that print as money, moments are days that can be
formatted."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from babel.numbers import format_currency

from crm_core.campaigns.unsubscribing.links import UnsubscribeLinks

LOCALE = "en"
SAMPLE_LINKS = UnsubscribeLinks()


class MessageFormat(NamedTuple):
    """How messages write amounts and days, who they say writes, and their links.

    currency: ISO 4217. time_zone: IANA name; decides which day it is. postal_address: of the workspace.
    """

    currency: str = "USD"
    time_zone: str = "UTC"
    workspace_name: str = "ClientNest"
    postal_address: str | None = None
    links: UnsubscribeLinks = SAMPLE_LINKS

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)  # which keeps those that it has read

    def money(self, amount: Decimal) -> str:
        """With symbol and decimals of the currency, such as $1,234.50. Raises ArithmeticError for what is no amount."""
        return format_currency(amount, self.currency, locale=LOCALE)


class Money(float):
    """An amount in major units. A float to every filter and comparison; by itself it prints the currency's decimals.

    Not a Decimal: python-liquid's filters take a Decimal for 0.
    """

    text: str

    def __new__(cls, amount: Decimal) -> Self:
        """amount: with as many decimals as are to be printed."""
        made = super().__new__(cls, amount)
        made.text = f"{amount:f}"
        return made

    def __str__(self) -> str:
        return self.text

    def __abs__(self) -> "Money":
        return Money(abs(Decimal(self.text)))


class Moment(str):
    """A point in time. By itself its day, such as 2026-01-31, which compares with other such texts.

    The filter ``date`` reads the exact time from it.
    """

    at: datetime

    def __new__(cls, at: datetime, zone: ZoneInfo) -> Self:
        local = at.astimezone(zone)
        made = super().__new__(cls, local.date().isoformat())
        made.at = local
        return made


def to_template(value: Any, zone: ZoneInfo) -> Any:
    """A value of a customer's record as templates see it."""
    match value:
        case Decimal():
            return Money(value)
        case datetime():
            return Moment(value, zone)
        case _:
            return value
