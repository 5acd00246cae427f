"""How records become JSON: money as numbers."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def to_json_values(value: Any) -> Any:
    """The same value with each Decimal as a JSON number; a double holds our amounts to the cent."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: to_json_values(part) for name, part in value.items()}
    if isinstance(value, list):
        return [to_json_values(part) for part in value]
    return value
