"""Message templates: Liquid with the fields of a customer, compiled once, bounded in time and size."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from crm_core.campaigns.drafting.message_fields import (
    ATTRIBUTES,
    CUSTOMER,
    UNSUBSCRIBE_LINK,
    UNSUBSCRIBE_URL,
    AttributeTypes,
    MessageField,
    describe_known,
    find_field,
    path_text,
)
from crm_core.campaigns.drafting.message_values import SAMPLE_LINKS, MessageFormat
from crm_core.campaigns.drafting.samples import sample_records
from crm_core.campaigns.drafting.sandbox import (
    Parsed,
    TemplateFault,
    make_environment,
    parse_bounded,
    render_bounded,
)
from crm_core.errors import InvalidInput, Permanent

MAX_TEMPLATE = 5_000
MAX_LINE = 200
DEFAULT_FORMAT = MessageFormat()
"""To check a template by: what is written in another currency or zone is as good."""
Link: TypeAlias = Callable[[], str]
"""Makes the unsubscribe link of a message, once its template turns out to use it."""


def sample_link() -> str:
    return SAMPLE_LINKS.url("", "c1", "email")


@dataclass(frozen=True)
class _Compiled:
    """fields, attributes: of the customer, that it uses. has_link: whether it uses the unsubscribe link."""

    parsed: Parsed
    zone: ZoneInfo
    fields: tuple[MessageField, ...]
    attributes: tuple[str, ...]
    has_link: bool

    def render(self, record: Mapping[str, Any], link: Link) -> str:
        """record: of CustomerReader. What it lacks is nil. Raises TemplateFault."""
        customer = {field.name: field.read(record, self.zone) for field in self.fields}
        if self.attributes:
            kept = record.get(ATTRIBUTES) or {}
            customer[ATTRIBUTES] = {name: kept.get(name) for name in self.attributes}
        values = {CUSTOMER: customer, UNSUBSCRIBE_URL: link()} if self.has_link else {CUSTOMER: customer}
        return render_bounded(self.parsed.template, values)


def check_template(text: str, *, field: str = "message", attributes: AttributeTypes | None = None) -> None:
    """Refuse a template that names what is not known, or that cannot be rendered for anybody who has what it uses.

    field: the message, or a line beside it; of a variant with its place, such as ``variants[1].subject``. attributes:
    the custom ones, as ``{{ customer.attributes.size }}``. Raises InvalidInput with the place, the nearest names and
    the allowed ones.
    """
    what = field.rpartition(".")[2]
    most = MAX_TEMPLATE if what == "message" else MAX_LINE
    if not text.strip() or len(text) > most:
        raise InvalidInput(f"A {what} needs 1 to {most:,} characters.", field=field)
    try:
        compiled = _compile(text, DEFAULT_FORMAT)
        _check_names(compiled.parsed, what, field, attributes or {})
        _check_renders(compiled, attributes or {})
    except TemplateFault as exc:
        raise InvalidInput(f"The {what} has an error in its template{exc}.", field=field) from None


def render_message(
    text: str,
    customer: Mapping[str, Any],
    formatting: MessageFormat = DEFAULT_FORMAT,
    *,
    link: Link = sample_link,
) -> str:
    """The message for one customer. customer: a record of CustomerReader with, at least, ``stored_fields``.

    Raises Permanent when the template does too much for this customer, fails on a value, or says nothing.
    """
    return _filled(_render(text, customer, formatting, link).strip(), "message")


class EmptyText(Permanent):
    """Nothing is left of a template for this customer."""


def render_line(
    text: str,
    customer: Mapping[str, Any],
    formatting: MessageFormat = DEFAULT_FORMAT,
    *,
    link: Link = sample_link,
    what: str = "subject",
) -> str:
    """The same for a line beside the message: white space is one space, control characters go.

    what: its field, for the error.
    """
    line = " ".join(_render(text, customer, formatting, link).split())
    return _filled("".join(char for char in line if unicodedata.category(char) != "Cc").strip(), what)


def stored_fields(texts: Iterable[str | None]) -> set[str]:
    """The fields of a customer's document that these templates need."""
    return {name for text in texts if text for field in _fields_of(text) for name in field.stored}


def used_fields(text: str, attributes: AttributeTypes) -> list[MessageField]:
    """What a template uses of a customer, each once; of one that cannot be read nothing."""
    try:
        uses = _compile(text, DEFAULT_FORMAT).parsed.uses
    except TemplateFault:
        return []
    found = (find_field(path, attributes) for path in uses)
    return list(dict.fromkeys(field for field in found if field and field.is_of_customer))


def _fields_of(text: str) -> tuple[MessageField, ...]:
    try:
        return _compile(text, DEFAULT_FORMAT).fields
    except TemplateFault:  # which fails each of its messages, with its reason
        return ()


def _render(text: str, customer: Mapping[str, Any], formatting: MessageFormat, link: Link) -> str:
    try:
        return _compile(text, formatting).render(customer, link)
    except TemplateFault as exc:
        raise Permanent(f"the message cannot be rendered{exc}") from None


def _filled(text: str, what: str) -> str:
    if not text:
        raise EmptyText(f"the {what} is empty")
    return text


@lru_cache(maxsize=256)
def _compile(text: str, formatting: MessageFormat) -> _Compiled:
    parsed = parse_bounded(_environment(formatting), text)
    return _Compiled(parsed, formatting.zone, *_named(parsed.uses))


_environment = lru_cache(maxsize=8)(make_environment)


def _named(uses: Iterable[tuple[str | int | None, ...]]) -> tuple[tuple[MessageField, ...], tuple[str, ...], bool]:
    """The customer's built-in fields and custom attributes among ``uses``, and whether the link is."""
    fields, attributes = [], []
    for path in uses:
        if len(path) > 2 and path[:2] == (CUSTOMER, ATTRIBUTES) and isinstance(path[2], str):
            attributes.append(path[2])
        elif found := find_field(path[:2], {}):
            fields.append(found)
    has_link = UNSUBSCRIBE_LINK in fields
    of_customer = [field for field in fields if field.is_of_customer]
    return tuple(dict.fromkeys(of_customer)), tuple(dict.fromkeys(attributes)), has_link


def _check_names(parsed: Parsed, what: str, field: str, attributes: AttributeTypes) -> None:
    for path in parsed.uses:
        if find_field(path, attributes) is None:
            name = path_text(path)
            raise InvalidInput(f"The {what} uses {name}, {describe_known(name, attributes)}.", field=field)
    for name in parsed.filters:  # rendering finds an unknown one only in a branch that it takes
        if name not in parsed.template.env.filters:
            raise InvalidInput(f"The {what} uses the filter {name!r}, which is not known.", field=field)


def _check_renders(compiled: _Compiled, attributes: AttributeTypes) -> None:
    """Raise TemplateFault when it fails for every sample. One that fails on some values fails for those customers."""
    faults = []
    for record in sample_records(compiled.fields, {name: attributes.get(name) for name in compiled.attributes}):
        try:
            compiled.render(record, sample_link)
        except TemplateFault as exc:
            faults.append(exc)
        else:
            return
    raise faults[0]
