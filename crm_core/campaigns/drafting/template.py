"""Message templates: Liquid with the fields of a customer, compiled once, bounded in time and size."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from crm_core.campaigns.drafting.sandbox import FAULTS, begin_render, make_environment, parse_bounded
from crm_core.errors import InvalidInput, Permanent
from crm_core.schema.customer import CUSTOMER

MAX_TEMPLATE = 5_000
MAX_SUBJECT = 200
FIELDS: Mapping[str, str] = CUSTOMER.message_fields
"""What a template may say of a customer, as ``{{ customer.name }}``."""
ATTRIBUTES = "attributes"

_ENVIRONMENT = make_environment()


@dataclass(frozen=True)
class _Compiled:
    """uses: paths of variables in order of their places. attributes: the custom ones among them."""

    template: BoundTemplate
    uses: tuple[tuple[str, ...], ...]
    filters: tuple[str, ...]

    @property
    def attributes(self) -> list[str]:
        return [path[2] for path in self.uses if len(path) == 3 and path[1] == ATTRIBUTES]

    def render(self, customer: Mapping[str, Any]) -> str:
        """A field that the customer lacks is nil, so that ``default`` fills it. Raises one of FAULTS."""
        begin_render()
        custom = customer.get(ATTRIBUTES) or {}
        known = {path[1]: customer.get(path[1]) for path in self.uses if len(path) == 2}
        known[ATTRIBUTES] = {name: custom.get(name) for name in self.attributes}
        return self.template.render(customer=known)


def check_template(
    text: str,
    *,
    field: str = "message",
    attributes: Collection[str] = (),
    is_subject: bool = False,
    known: Collection[str] = FIELDS,
) -> None:
    """Refuse a template that cannot be rendered. attributes: the custom ones that it may use, as
    ``{{ customer.attributes.size }}``. known: the fields. Raises InvalidInput with the place and the allowed ones."""
    what, most = ("subject", MAX_SUBJECT) if is_subject else ("message", MAX_TEMPLATE)
    if not text.strip() or len(text) > most:
        raise InvalidInput(f"A {what} needs 1 to {most:,} characters.", field=field)
    try:
        compiled = _compile(text)
        for path in compiled.uses:
            _check_variable(path, what, field, attributes, known)
        for name in compiled.filters:
            _check_filter(name, what, field)
        compiled.render(dict.fromkeys(known, "") | {ATTRIBUTES: dict.fromkeys(compiled.attributes, "")})
    except FAULTS as exc:
        raise InvalidInput(f"The {what} has an error in its template{_place(exc)}.", field=field) from None


def render_message(text: str, customer: Mapping[str, Any]) -> str:
    """The message for one customer. customer: the fields of FIELDS that have a value, and ``attributes``.

    Raises Permanent when the template does too much for this customer, fails on a value, or says nothing.
    """
    try:
        body = _compile(text).render(customer).strip()
    except FAULTS as exc:
        raise Permanent(f"the message cannot be rendered{_place(exc)}") from None
    if not body:
        raise Permanent("the message is empty")
    return body


def template_fields(customer: Mapping[str, Any]) -> dict[str, Any]:
    """What a message template may say of a customer. customer: a record of CustomerReader."""
    first, name = customer.get("first_name"), customer.get("name")
    return {**customer, "first_name": first or (name.split()[0] if name and name.split() else None)}


@lru_cache(maxsize=256)
def _compile(text: str) -> _Compiled:
    template = parse_bounded(_ENVIRONMENT, text)
    parts = template.analyze()
    paths = [tuple(str(part) for part in use.segments) for uses in parts.globals.values() for use in uses]
    return _Compiled(template, tuple(dict.fromkeys(paths)), tuple(parts.filters))


def _place(exc: BaseException) -> str:
    if not isinstance(exc, LiquidError):
        return f": {exc}" if str(exc) else ": it does too much"
    found = exc.context()
    where = f", line {found[0]}, column {found[1] + 1}" if found else ""
    return f"{where}: {exc.message}"


def _check_filter(name: str, what: str, field: str) -> None:
    """Rendering finds an unknown one only in a branch that it takes."""
    if name not in _ENVIRONMENT.filters:
        raise InvalidInput(f"The {what} uses the filter {name!r}, which is not known.", field=field)


def _check_variable(
    path: tuple[str, ...], what: str, field: str, attributes: Collection[str], known: Collection[str]
) -> None:
    match path:
        case ("customer", name) if name in known:
            return
        case ("customer", "attributes", name) if name in attributes:
            return
    names = [*known, *(f"{ATTRIBUTES}.{name}" for name in sorted(attributes))]
    allowed = ", ".join(f"customer.{name}" for name in names)
    raise InvalidInput(f"The {what} uses {'.'.join(path)}, which is not known; allowed are {allowed}.", field=field)
