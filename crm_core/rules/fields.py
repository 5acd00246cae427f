"""The field catalogue: the only names that a rule may use, what people call them, and where MongoDB keeps them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from crm_core.errors import BadRule, UnknownField
from crm_core.rules.quoting import shown


class FieldType(StrEnum):
    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"


@dataclass(frozen=True)
class Idle:
    """Another way to say that a date lies ``more_than_days_ago``: a word of the text, and a phrase of the sentence."""

    word: str
    phrase: str


@dataclass(frozen=True)
class CustomerField:
    """One field that rules may ask for.

    path: of the stored value; for texts and lists of the folded copy. unit: of its numbers, "" if they have none.
    aliases: further names in the text, the first is the one that is printed. options: where its values are listed.
    is_whole: its values are stored as integers, money in minor units. phrase: of the sentence, around the operator's
    words. yes_no: what the sentence says when a boolean is true, and when it is false.
    """

    name: str
    label: str
    type: FieldType
    group: str
    path: str
    unit: str = ""
    aliases: tuple[str, ...] = ()
    has_options: bool = False
    is_whole: bool = True
    phrase: str = ""
    yes_no: tuple[str, str] | None = None
    idle: Idle | None = None

    @property
    def text_name(self) -> str:
        """The name by which the text calls it."""
        return self.aliases[0] if self.aliases else self.name

    @property
    def is_average(self) -> bool:
        """Not stored: the quotient of the total spend and the number of orders, never rounded."""
        return self.name == AVERAGE


AVERAGE = "avg_order_value"


def _money(name: str, label: str, group: str, alias: str, phrase: str) -> CustomerField:
    path = "" if name == AVERAGE else f"{name}_minor"
    return CustomerField(name, label, FieldType.MONEY, group, path, "currency", (alias,), phrase=phrase)


def _count(name: str, label: str, group: str, unit: str, phrase: str) -> CustomerField:
    return CustomerField(name, label, FieldType.NUMBER, group, name, unit, phrase=phrase)


def _date(name: str, label: str, group: str, alias: str, phrase: str, idle: Idle | None = None) -> CustomerField:
    return CustomerField(name, label, FieldType.DATE, group, name, "", (alias,), phrase=phrase, idle=idle)


def _text(name: str, label: str, *aliases: str, options: bool = False) -> CustomerField:
    return CustomerField(name, label, FieldType.TEXT, "Profile", f"folded.{name}", "", aliases, options)


def _list(name: str, label: str, group: str, phrase: str, *aliases: str) -> CustomerField:
    return CustomerField(name, label, FieldType.LIST, group, f"folded.{name}", "", aliases, True, phrase=phrase)


def _flag(name: str, label: str, group: str, yes: str, no: str) -> CustomerField:
    return CustomerField(name, label, FieldType.BOOLEAN, group, name, yes_no=(yes, no))


FIELDS: tuple[CustomerField, ...] = (
    _money("total_spend", "Total spend", "Orders", "spend", "spent {}"),
    _count("order_count", "Orders in total", "Orders", "orders", "ordered {} times"),
    _money(AVERAGE, "Average order value", "Orders", "average_order", "spent {} per order on average"),
    _date(
        "last_order_at", "Last order", "Orders", "last_order", "last ordered {}",
        Idle("inactive", "has not ordered for {}"),
    ),
    _date("first_order_at", "First order", "Orders", "first_order", "first ordered {}"),
    _list("categories", "Categories bought", "Orders", "bought {}", "bought"),
    _count("visits", "Visits", "Behaviour", "visits", "visited {} times"),
    _flag("abandoned_cart", "Abandoned cart", "Behaviour", "abandoned a cart", "abandoned no cart"),
    _money("cart_value", "Cart value", "Behaviour", "cart", "has {} in the cart"),
    _text("city", "City", options=True),
    _text("country", "Country", options=True),
    _text("category", "Favourite category", "favourite_category", options=True),
    _list("tags", "Tags", "Profile", "is tagged with {}"),
    _flag("loyalty_member", "Loyalty member", "Profile", "is a loyalty member", "is no loyalty member"),
    _text("name", "Name"),
    _text("email", "E-mail"),
    _text("phone", "Phone"),
    _date("created_at", "Customer since", "Profile", "customer_since", "became a customer {}"),
)  # fmt: skip

MOST_NAMED = 30
LABELS = frozenset(found.label for found in FIELDS)
ATTRIBUTES = "Attributes"
ATTRIBUTE_PREFIX = "attributes."
RESERVED = frozenset({"orders", "events", "segment", "customer", "everyone", "nobody", "not", "all", "any", "none"})
"""What begins a condition of the text that is none on a field: no attribute can be called so without its prefix."""
_FOLDED = {FieldType.TEXT: "folded.attributes.", FieldType.LIST: "folded.attributes.", FieldType.DATE: "folded.dates."}


class Catalogue:
    """The built-in fields, and the workspace's custom attributes as ``attributes.NAME``.

    attributes: name to type, None for one whose values differ in type; rules may not use such a one.
    """

    def __init__(self, attributes: Mapping[str, FieldType | None] | None = None) -> None:
        self.attributes = dict(attributes or {})
        self._mixed = {ATTRIBUTE_PREFIX + name for name, kind in self.attributes.items() if kind is None}
        taken = RESERVED | {word for found in FIELDS for word in _words(found)}
        custom = [_attribute(name, kind, taken) for name, kind in self.attributes.items() if kind is not None]
        self.fields: tuple[CustomerField, ...] = (*FIELDS, *custom)
        self._by_name = {found.name: found for found in self.fields}
        self._by_word = {word: found for found in self.fields for word in (found.name, *found.aliases)}
        self._idle = {found.idle.word: found for found in self.fields if found.idle}

    def find(self, name: str, path: str = "rule") -> CustomerField:
        """The field of that name. Raises UnknownField with the nearest names, BadRule for an attribute of several
        types. path: of the node, for the message."""
        return self._find(name, self._by_name, path)

    def find_word(self, word: str, path: str) -> CustomerField:
        """The same for a name or an alias in any case, as the text has it."""
        if word.lower() in self._idle:
            raise UnknownField(f"{path}: {word} goes with a number of days, such as {word} for 90 days.", field=path)
        if word.lower() == "orders":
            raise UnknownField(
                f"{path}: orders is no field; order_count is the number of all orders, orders() that of the recorded "
                "ones, such as orders(last 30 days) > 2.",
                field=path,
            )
        return self._find(word.lower(), self._by_word, path)

    def find_idle(self, word: str, path: str) -> CustomerField:
        """The date field that has this word for ``more_than_days_ago``."""
        return self._find(word.lower(), self._idle, path)

    def _find(self, name: str, known: Mapping[str, CustomerField], path: str) -> CustomerField:
        if name in known:
            return known[name]
        if name in self._mixed or (ATTRIBUTE_PREFIX + name in self._mixed and known is self._by_word):
            raise BadRule(
                f"{path}: the values of {name} are of several types; declare its type to use it in rules.", field=path
            )
        raise UnknownField(f"{path}: there is no field {shown(name)}.{nearest(name, known)}", field=path)


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint to end a message with: the known words like this one, or some of them."""
    names = list(known)
    near = get_close_matches(word, names, n=3)
    if near or not names:
        return f" Did you mean {' or '.join(near)}?" if near else ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f" Known are {', '.join(names[:MOST_NAMED])}{more}."


def _attribute(name: str, kind: FieldType, taken: Iterable[str]) -> CustomerField:
    aliases = () if name in taken else (name,)
    path = _FOLDED.get(kind, ATTRIBUTE_PREFIX) + name
    label = name.replace("_", " ").capitalize()
    if label in LABELS:
        label += " (attribute)"
    return CustomerField(
        ATTRIBUTE_PREFIX + name, label, kind, ATTRIBUTES, path, "", aliases, has_options=False, is_whole=False
    )


def _words(found: CustomerField) -> tuple[str, ...]:
    return (found.name, *found.aliases, *((found.idle.word,) if found.idle else ()))
