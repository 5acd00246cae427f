"""Message templates: Liquid with the fields of a customer, bounded in loops and output."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, StrictUndefined
from liquid.exceptions import LiquidError

from crm_core.errors import InvalidInput, Permanent

MAX_TEMPLATE = 5_000
FIELDS: Mapping[str, str] = {
    "id": "Customer id",
    "name": "Full name",
    "first_name": "First name",
    "city": "City",
    "country": "Country",
    "category": "Favourite category",
    "total_spend": "Total spend",
    "order_count": "Number of orders",
}
"""What a template may say of a customer, as ``{{ customer.name }}``."""


class _Bounded(Environment):
    loop_iteration_limit = 1_000
    output_stream_limit = 20_000


_ENVIRONMENT = _Bounded(undefined=StrictUndefined)


def check_template(
    text: str, *, field: str = "message", attributes: Collection[str] = (), is_subject: bool = False
) -> None:
    """Refuse a template that cannot be rendered. Raises InvalidInput with the place and the allowed fields."""
    if not text.strip() or len(text) > MAX_TEMPLATE:
        raise InvalidInput(f"A message needs 1 to {MAX_TEMPLATE:,} characters.", field=field)
    try:
        template = _compile(text)
        parts = template.analyze()
        for uses in parts.globals.values():
            for use in uses:
                _check_variable([str(part) for part in use.segments], field)
        for name in parts.filters:
            _check_filter(name, field)
        template.render(customer=dict.fromkeys(FIELDS, ""))
    except LiquidError as exc:
        raise InvalidInput(f"The message has an error in its template{_place(exc)}.", field=field) from None


def render_message(text: str, customer: Mapping[str, Any]) -> str:
    """The message for one customer. customer: the fields of FIELDS that have a value.

    Raises Permanent when the template runs too long or writes too much for this customer.
    """
    known = {name: customer.get(name) for name in FIELDS}
    try:
        return _compile(text).render(customer=known).strip()
    except LiquidError as exc:
        raise Permanent(f"the message cannot be rendered{_place(exc)}") from None


def template_fields(customer: Mapping[str, Any]) -> dict[str, Any]:
    """What a message template may say of a customer. customer: a record of CustomerReader."""
    name = customer.get("name")
    return {**customer, "first_name": name.split()[0] if name and name.split() else None}


@lru_cache(maxsize=256)
def _compile(text: str) -> BoundTemplate:
    return _ENVIRONMENT.from_string(text)


def _place(exc: LiquidError) -> str:
    found = exc.context()
    where = f", line {found[0]}, column {found[1] + 1}" if found else ""
    return f"{where}: {exc.message}"


def _check_filter(name: str, field: str) -> None:
    """Rendering finds an unknown one only in a branch that it takes."""
    if name not in _ENVIRONMENT.filters:
        raise InvalidInput(f"The message uses the filter {name!r}, which is not known.", field=field)


def _check_variable(segments: list[str], field: str) -> None:
    if len(segments) == 2 and segments[0] == "customer" and segments[1] in FIELDS:
        return
    allowed = ", ".join(f"customer.{name}" for name in FIELDS)
    raise InvalidInput(
        f"The message uses {'.'.join(segments)}, which is not known; allowed are {allowed}.", field=field
    )
