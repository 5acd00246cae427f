"""What ClientNest knows of a channel: each has one value of this, in a file of its own."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeGuard

from crm_core.channels.address_keys import MakeKey, country_code, token_key

NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")
LINES = ("subject", "preheader")
"""The names of the lines that a message can have beside its text."""
ADDRESS = re.compile(r"email|phone|attributes\.[a-z][a-z0-9_]{0,39}")


class FailureMeaning(StrEnum):
    """What a vendor's reason says of the recipient. A reason that is not listed says nothing of them."""

    UNSUBSCRIBED = "unsubscribed"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    INVALID_ADDRESS = "invalid_address"


class Look(StrEnum):
    """What a message stands in where its reader sees it."""

    MAIL = "mail"
    BUBBLE = "bubble"
    BANNER = "banner"
    CARD = "card"


@dataclass(frozen=True)
class Line:
    """A line beside the message, a template like it. label: what people call it. shown: about how many characters its
    readers see."""

    label: str
    is_required: bool = False
    shown: int | None = None


@dataclass(frozen=True)
class Preview:
    """A message as its recipient sees it. notes: sentences on its length, for its author."""

    body: str
    title: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConsentShares:
    """How the customers of the demo shop answered for a channel; the others were not asked."""

    granted: float
    denied: float


def preview_plain(body: str, subject: str | None) -> Preview:
    return Preview(body, subject)


@dataclass(frozen=True)
class Channel:
    """name: in the API and in the database. label, icon: on pages; the icon is a Material name.

    address: where a customer's address stands, ``email``, ``phone`` or a custom attribute; None: the customer id.
    address_words: what a customer needs to be reached, for people. key: how the address's key is made of it; channels
    of one address make the same.
    look: what a preview draws around a message. subject, preheader: None for a channel without one. has_sender: whether
    its messages name a sender and a reply-to address. preview: of a rendered message and subject.
    needs_unsubscribe: whether each message has to say how to get no more of them; else a template may.
    failures: what the vendor's reasons mean. demo_consent: None when the demo customers were never asked.
    Raises ValueError for a name or an address that the database could not keep.
    """

    name: str
    label: str
    icon: str
    address: str | None
    address_words: str
    key: MakeKey = token_key
    look: Look = Look.CARD
    subject: Line | None = None
    preheader: Line | None = None
    has_sender: bool = False
    needs_unsubscribe: bool = False
    preview: Callable[[str, str | None], Preview] = preview_plain
    failures: Mapping[str, FailureMeaning] = field(default_factory=dict)
    demo_consent: ConsentShares | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a channel: it is a path in the database")
        if self.address is not None and not ADDRESS.fullmatch(self.address):
            raise ValueError(f"{self.address!r} is no address: email, phone or attributes.NAME")

    @property
    def lines(self) -> Mapping[str, Line]:
        """Those that its messages have, by the name of their field."""
        return {name: line for name in LINES if (line := getattr(self, name))}

    def address_of(self, customer: Mapping[str, Any]) -> str | None:
        """Where messages for this customer go; None when there is no address, or the channel needs none."""
        if self.address is None:
            return None
        part, _, name = self.address.rpartition(".")
        value = (customer.get(part, {}) if part else customer).get(name)
        return value.strip() if is_address(value) else None

    def address_key(self, customer: Mapping[str, Any], default_country: str | None) -> str | None:
        """One form for all spellings of the customer's address; None when there is no address, or the channel needs
        none. default_country: ISO 3166, of customers without a country that is known."""
        address = self.address_of(customer)
        return self.key_of(address, customer.get("country"), default_country) if address else None

    def key_of(self, address: str, country: str | None, default_country: str | None) -> str:
        """The same of an address that is not blank."""
        return self.key(address.strip(), (country_code(country) if country else None) or default_country)

    def entry(self, key: str) -> str:
        """A key as customers' ``address_keys`` hold it."""
        return f"{self.address}:{key}"

    def stored_key(self, customer: Mapping[str, Any]) -> str | None:
        """The key among those that are stored with a customer."""
        start = self.entry("")
        return next((each[len(start) :] for each in customer.get("address_keys", ()) if each.startswith(start)), None)

    def reaches(self, customer: Mapping[str, Any]) -> bool:
        return self.address is None or self.address_of(customer) is not None


def is_address(value: Any) -> TypeGuard[str]:
    """A text that is not blank; a custom attribute can be anything."""
    return isinstance(value, str) and bool(value.strip())
