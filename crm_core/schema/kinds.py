"""The kinds of values that fields hold.

What a kind means on the wire, in storage, in a rule and in a file is said where these are read, in one place each.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from crm_core.schema.fields import Field

MAX_ID_LENGTH = 254
"""Of customers, orders and events, in characters: an e-mail address is an id to many shops."""
MAX_TEXT_LENGTH = 200
MAX_ENTRIES = 50
"""Of a list, and of the names in attributes or properties."""
MAX_ITEMS = 200
MAX_COUNT = 10**9
MAX_NUMBER = 10**15
"""Doubles hold every whole number up to here."""
KEYWORD = r"^[a-z][a-z0-9_]{0,39}$"
"""A type of events, or the name of an attribute or a property."""


@dataclass(frozen=True)
class Identifier:
    """What the caller calls a record."""


@dataclass(frozen=True)
class Text:
    max_length: int = MAX_TEXT_LENGTH


@dataclass(frozen=True)
class Email:
    pass


@dataclass(frozen=True)
class Phone:
    pass


@dataclass(frozen=True)
class TextList:
    """At most MAX_ENTRIES texts."""


@dataclass(frozen=True)
class Flag:
    pass


@dataclass(frozen=True)
class Number:
    """With decimals or without. low, high: the least and the greatest that is accepted."""

    low: float = -MAX_NUMBER
    high: float = MAX_NUMBER


@dataclass(frozen=True)
class Count:
    """A whole number from 0."""


@dataclass(frozen=True)
class Money:
    """Never negative on the wire; stored as an integer of minor units. at_most: an earlier field that bounds it."""

    at_most: str = ""


@dataclass(frozen=True)
class Moment:
    """Stored as aware UTC. may_be_ahead: whether it may lie in the future."""

    may_be_ahead: bool = False


@dataclass(frozen=True)
class OrderStatus:
    """One of the statuses, or a word that shops use for one."""


@dataclass(frozen=True)
class Currency:
    """That of the workspace; no other is accepted."""


@dataclass(frozen=True)
class Keyword:
    """1 to 40 of a-z, 0-9 and _, the first a letter."""


@dataclass(frozen=True)
class Values:
    """Data under names of the caller's own.

    one: what people call one of them. by_name: whether each name is like a field: what other records said under other
    names stays, and people may declare a type for it.
    """

    one: str
    by_name: bool = False


CONSENT_STATES = ("granted", "denied", "unknown")
"""The last is that of customers of whom nothing was ever said."""


@dataclass(frozen=True)
class Consent:
    """Per channel: granted, denied or unknown."""


@dataclass(frozen=True)
class Items:
    """At most MAX_ITEMS objects. name, about: of one of them, in the API document."""

    name: str
    about: str
    fields: tuple["Field", ...]


Textual: TypeAlias = Text | Email | Phone | TextList
"""What is compared by a folded copy."""
Kind: TypeAlias = (
    Identifier | Textual | Flag | Number | Count | Money | Moment | OrderStatus | Currency | Keyword | Values | Consent
    | Items
)  # fmt: skip
