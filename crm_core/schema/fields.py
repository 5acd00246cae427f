"""A row of the schema, and the rows of one kind of records as a value that can be extended."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from crm_core.schema.kinds import Consent, Email, Items, Kind, Money, Phone, Text, TextList, Values

TEXTUAL = (Text, Email, Phone, TextList)


class Source(StrEnum):
    """Where a value comes from."""

    GIVEN = "given"
    BASELINE = "baseline"
    """Given as of before our data; what is read is that plus what follows from orders and events."""
    DERIVED = "derived"
    """Never given: it follows from other fields or from records."""


@dataclass(frozen=True)
class Idle:
    """Other ways to speak of a date that follows from what customers do.

    word, phrase: of the text and of the sentence for ``more_than_days_ago``. never: what those have never done who have
    no such date, for ``is_not_set``.
    """

    word: str
    phrase: str
    never: str


@dataclass(frozen=True)
class InRules:
    """How rules ask for a field. group: in the palette. aliases: further names in the text; the first is printed.

    phrase: of the sentence, around the operator's words. unit: of its numbers. has_options: whether its values are
    suggested. yes_no: what the sentence says of a flag. is_held: whether the snapshot keeps it in memory; what nearly
    every customer has one of their own of is asked of the database.
    """

    group: str = ""
    aliases: tuple[str, ...] = ()
    phrase: str = ""
    unit: str = ""
    has_options: bool = False
    yes_no: tuple[str, str] | None = None
    idle: Idle | None = None
    is_held: bool = True


@dataclass(frozen=True)
class Field:
    """One field. about: what is worth knowing beside its label and its kind, for the documentation.

    name: ``predicted.active`` for one that is kept and answered in a part of its own, with others of that part.
    default: what is stored where nothing was ever said. joins: the fields that it is read as, with spaces between
    them, where it is not given itself. columns: further names by which imports know it. in_messages: whether message
    templates may use it. on_profile: whether the customer's page shows it in the profile. is_hidden: from answers.
    is_time: whether it is when the record happened; where no entry says it, that is when the first was accepted.
    """

    name: str
    kind: Kind
    label: str
    about: str = ""
    source: Source = Source.GIVEN
    is_required: bool = False
    default: Any = None
    joins: tuple[str, ...] = ()
    rules: InRules | None = None
    columns: tuple[str, ...] = ()
    in_messages: bool = False
    on_profile: bool = False
    is_hidden: bool = False
    is_time: bool = False

    @property
    def stored_name(self) -> str:
        """Amounts say by their name that they are minor units."""
        return f"{self.name}_minor" if isinstance(self.kind, Money) else self.name

    @property
    def part(self) -> str:
        """Where it is kept; empty for the record itself."""
        return self.name.rpartition(".")[0]

    @property
    def is_on_wire(self) -> bool:
        return self.source is not Source.DERIVED

    @property
    def is_folded(self) -> bool:
        """Whether a folded copy is stored beside it, which rules compare."""
        return self.rules is not None and isinstance(self.kind, TEXTUAL)


@dataclass(frozen=True)
class RecordSchema:
    """The fields of one kind of records, in the order in which people are told of them.

    name: of the kind; also the API path, the stream's label and the collection. model: of one record, in the API
    document. about: what that says of it.
    """

    name: str
    model: str
    about: str
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        """Raises ValueError for two fields that would be taken for each other."""
        for words in (self._names(), self._stored_names(), self._columns()):
            known = list(words)
            if doubled := {word for word in known if known.count(word) > 1}:
                raise ValueError(f"{self.name} declare twice: {', '.join(sorted(doubled))}")
        if unknown := {part for field in self.fields for part in field.joins} - self.by_name.keys():
            raise ValueError(f"{self.name} do not have what a field joins: {', '.join(sorted(unknown))}")

    def with_field(self, field: Field) -> Self:
        """The same with one field more. Raises ValueError when it would be taken for another."""
        return replace(self, fields=(*self.fields, field))

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def on_wire(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_on_wire)

    @cached_property
    def folded(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_folded)

    @cached_property
    def folded_names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.folded)

    @cached_property
    def joined(self) -> tuple[Field, ...]:
        """Those that may be read as others."""
        return tuple(field for field in self.fields if field.joins)

    @cached_property
    def parts(self) -> Mapping[str, tuple[Field, ...]]:
        """The fields of each part, by its name."""
        names = dict.fromkeys(field.part for field in self.fields if field.part)
        return {name: tuple(field for field in self.fields if field.part == name) for name in names}

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields if field.is_required)

    @cached_property
    def belongs_to_customer(self) -> bool:
        return "customer_id" in self.by_name

    @cached_property
    def time(self) -> str:
        """The field that says when a record happened, of records that belong to a customer."""
        return next(field.name for field in self.fields if field.is_time)

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """By stored name: what is stored where no record ever said anything."""
        return {field.stored_name: field.default for field in self.on_wire if field.default is not None}

    def _names(self) -> Iterator[str]:
        for field in self.fields:
            yield from {field.name, *(field.rules.aliases if field.rules else ())}

    def _stored_names(self) -> Iterator[str]:
        return (field.stored_name for field in self.fields)

    def _columns(self) -> Iterator[str]:
        for field in self.on_wire:
            if not isinstance(field.kind, Values | Consent | Items):
                yield from {field.name, *field.columns}
