"""The field catalogue: the only names that a rule may use, what people call them, and where MongoDB keeps them."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from typing import assert_never

from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS, Channels
from crm_core.errors import BadRule, UnknownField
from crm_core.rules.quoting import shown
from crm_core.schema import kinds
from crm_core.schema.customer import AVERAGE, BEHAVIOUR, CONSENT, CUSTOMER, ORDERS, PREDICTIONS, PROFILE
from crm_core.schema.fields import Field, Idle, InRules, RecordSchema


class FieldType(StrEnum):
    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    LIST = "list"
    CHOICE = "choice"


@dataclass(frozen=True)
class CustomerField:
    """One field that rules may ask for.

    path: of the stored value; for texts and lists of the folded copy. unit: of its numbers, "" if they have none.
    aliases: further names in the text, the first is the one that is printed. options: where its values are listed.
    is_whole: its values are stored as integers, money in minor units. phrase: of the sentence, around the operator's
    words. yes_no: what the sentence says when a boolean is true, and when it is false. is_held: whether its values are
    kept in memory. choices: all values that it can have; the last is that of customers who have none stored.
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
    is_held: bool = True
    choices: tuple[str, ...] = ()

    @property
    def text_name(self) -> str:
        """The name by which the text calls it."""
        return self.aliases[0] if self.aliases else self.name

    @property
    def has_plain_days(self) -> bool:
        """Whether a value may be a day without a time, which is kept as its ISO 8601 text."""
        return self.type is FieldType.DATE and self.group == ATTRIBUTES

    @property
    def is_average(self) -> bool:
        """Not stored: the quotient of the total spend and the number of orders, never rounded."""
        return self.name == AVERAGE


GROUPS = (ORDERS, BEHAVIOUR, PROFILE, CONSENT, PREDICTIONS)
"""In the order of the palette."""


def build_fields(records: RecordSchema, channels: Channels = CHANNELS) -> tuple[CustomerField, ...]:
    """The rows that rules may ask for, group by group."""
    found = [each for row in records.fields if row.rules for each in _build(row, row.rules, channels)]
    groups = dict.fromkeys((*GROUPS, *(field.group for field in found)))
    return tuple(field for group in groups for field in found if field.group == group)


def _build(row: Field, rules: InRules, channels: Channels) -> Iterable[CustomerField]:
    if isinstance(row.kind, kinds.Consent):
        return [_consent(row, rules, channel) for channel in channels.values()]
    return [_build_one(row, rules)]


def _consent(row: Field, rules: InRules, channel: Channel) -> CustomerField:
    name = f"{row.name}.{channel.name}"
    label = f"{row.label} to {channel.label}"
    return CustomerField(name, label, FieldType.CHOICE, rules.group, f"{name}.state", choices=kinds.CONSENT_STATES)


def _build_one(row: Field, rules: InRules) -> CustomerField:
    path = f"folded.{row.name}" if row.is_folded else row.stored_name
    is_money = isinstance(row.kind, kinds.Money)
    return CustomerField(
        row.name,
        row.label,
        type_of_kind(row.kind),
        rules.group,
        "" if row.name == AVERAGE else path,
        "currency" if is_money else rules.unit,
        rules.aliases,
        rules.has_options,
        is_whole=not isinstance(row.kind, kinds.Number),
        phrase=rules.phrase,
        yes_no=rules.yes_no,
        idle=rules.idle,
        is_held=rules.is_held,
    )


def type_of_kind(kind: kinds.Kind) -> FieldType:
    """Raises ValueError for a kind that rules cannot ask for."""
    match kind:
        case kinds.Money():
            return FieldType.MONEY
        case kinds.Count() | kinds.Number():
            return FieldType.NUMBER
        case kinds.Moment():
            return FieldType.DATE
        case kinds.Flag():
            return FieldType.BOOLEAN
        case kinds.TextList():
            return FieldType.LIST
        case kinds.Text() | kinds.Email() | kinds.Phone():
            return FieldType.TEXT
        case (
            kinds.Identifier() | kinds.Keyword() | kinds.OrderStatus() | kinds.Currency() | kinds.Values()
            | kinds.Consent() | kinds.Items()
        ):  # fmt: skip
            raise ValueError(f"Rules cannot ask for a field of the kind {type(kind).__name__}.")
        case _:
            assert_never(kind)


FIELDS = build_fields(CUSTOMER)

MAX_NAMED = 30
ATTRIBUTES = "Attributes"
ATTRIBUTE_PREFIX = "attributes."
RESERVED = frozenset(
    {"orders", "events", "messages", "segment", "customer", "everyone", "nobody", "not", "all", "any", "none"}
)
"""What begins a condition of the text that is none on a field: no attribute can be called so without its prefix."""
_FOLDED = {FieldType.TEXT: "folded.attributes.", FieldType.LIST: "folded.attributes.", FieldType.DATE: "folded.dates."}

_FOLDED_PROPERTIES = {
    FieldType.TEXT: "folded.properties.",
    FieldType.LIST: "folded.properties.",
    FieldType.DATE: "folded.dates.",
}


class Catalogue:
    """The built-in fields, and the workspace's custom attributes as ``attributes.NAME``.

    attributes: name to type, None for one whose values differ in type; rules may not use such a one. built_in: of
    ``build_fields``. properties: the same for properties of events, by type and name.
    """

    def __init__(
        self,
        attributes: Mapping[str, FieldType | None] | None = None,
        built_in: tuple[CustomerField, ...] = FIELDS,
        properties: Mapping[tuple[str, str], FieldType | None] | None = None,
    ) -> None:
        self.properties = dict(properties or {})
        self.attributes = dict(attributes or {})
        self._mixed = {ATTRIBUTE_PREFIX + name for name, kind in self.attributes.items() if kind is None}
        taken = RESERVED | {word for found in built_in for word in _words(found)}
        labels = {found.label for found in built_in}
        known = {name: kind for name, kind in self.attributes.items() if kind is not None}
        custom = [_attribute(name, kind, taken, labels) for name, kind in known.items()]
        self.fields: tuple[CustomerField, ...] = (*built_in, *custom)
        self._by_name = {found.name: found for found in self.fields}
        self._by_word = {word: found for found in self.fields for word in (found.name, *found.aliases)}
        self._idle = {found.idle.word: found for found in self.fields if found.idle}
        self._never = {found.idle.never: found for found in self.fields if found.idle}

    def find(self, name: str, path: str = "rule") -> CustomerField:
        """The field of that name. Raises UnknownField with the nearest names, BadRule for an attribute of several
        types. path: of the node, for the message."""
        return self._find(name, self._by_name, path)

    def find_property(self, event_type: str, name: str, path: str) -> CustomerField:
        """A property of the events of that type. Raises UnknownField with the nearest names, BadRule for one of several
        types."""
        known = {each: kind for (of_type, each), kind in self.properties.items() if of_type == event_type}
        if name not in known:
            raise UnknownField(
                f"{path}: events of the type {event_type} have no property {shown(name)}.{nearest(name, known)}",
                field=path,
            )
        kind = known[name]
        if kind is None:
            raise BadRule(f"{path}: the values of {name} are of several types, so they cannot be compared.", field=path)
        return _property(name, kind)

    def event_properties(self) -> dict[tuple[str, str], CustomerField]:
        """Those that rules may ask for, by type of event and name."""
        return {key: _property(key[1], kind) for key, kind in self.properties.items() if kind is not None}

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

    def find_never(self, word: str, path: str) -> CustomerField:
        """The date field that nobody has a value of who has never done this."""
        return self._find(word.lower(), self._never, path)

    def _find(self, name: str, known: Mapping[str, CustomerField], path: str) -> CustomerField:
        if name in known:
            return known[name]
        if name in self._mixed or (ATTRIBUTE_PREFIX + name in self._mixed and known is self._by_word):
            raise BadRule(
                f"{path}: the values of {name} are of several types; declare its type to use it in rules.", field=path
            )
        raise UnknownField(f"{path}: there is no field {shown(name)}.{nearest(name, known)}", field=path)


def check_comparable(found: CustomerField, other: CustomerField, path: str) -> None:
    """Raises BadRule for two fields of different types, and for one field twice."""
    if other.name == found.name:
        raise BadRule(f"{path}: {found.text_name} is not compared with itself.", field=path)
    if found.choices:
        raise BadRule(f"{path}: {found.text_name} is compared with its values only.", field=path)
    if other.type is not found.type:
        raise BadRule(
            f"{path}: {found.text_name} is a {found.type} field and {other.text_name} a {other.type} field; only "
            "fields of one type are compared.",
            field=path,
        )


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint to end a message with: the known words like this one, or some of them."""
    names = list(known)
    near = get_close_matches(word, names, n=3)
    if near or not names:
        return f" Did you mean {' or '.join(near)}?" if near else ""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f" Known are {', '.join(names[:MAX_NAMED])}{more}."


def _attribute(name: str, kind: FieldType, taken: Set[str], labels: Set[str]) -> CustomerField:
    aliases = () if name in taken else (name,)
    path = _FOLDED.get(kind, ATTRIBUTE_PREFIX) + name
    label = spoken(name).capitalize()
    if label in labels:
        label += " (attribute)"
    return CustomerField(
        ATTRIBUTE_PREFIX + name, label, kind, ATTRIBUTES, path, "", aliases, has_options=False, is_whole=False
    )


def _property(name: str, kind: FieldType) -> CustomerField:
    path = _FOLDED_PROPERTIES.get(kind, "properties.") + name
    return CustomerField(name, spoken(name).capitalize(), kind, ATTRIBUTES, path, is_whole=False)


ITEMS = CustomerField("item", "Item", FieldType.TEXT, ORDERS, "folded.items")
"""The names of the items of an order, each once."""
ORDERED_AT = CustomerField("ordered_at", "Time of the order", FieldType.DATE, ORDERS, "ordered_at")


def micros_of(name: str) -> CustomerField:
    """A number among the properties of an event, in millionths, as it is measured."""
    return CustomerField(name, spoken(name).capitalize(), FieldType.NUMBER, ATTRIBUTES, f"folded.micros.{name}")


def spoken(name: str) -> str:
    """A name of machines as people read it: ``hard_bounce`` as "hard bounce"."""
    return name.replace("_", " ")


def _words(found: CustomerField) -> tuple[str, ...]:
    return (found.name, *found.aliases, *((found.idle.word,) if found.idle else ()))
