"""Made-up customers by whom a template is checked: everything that it uses has a value of the right type."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from crm_core.campaigns.drafting.message_fields import ATTRIBUTES, AttributeTypes, MessageField
from crm_core.rules.fields import FieldType

_VALUES: Mapping[FieldType | None, tuple[Any, Any]] = {
    FieldType.TEXT: ("Anna", "7"),  # many a number is kept as a text
    FieldType.NUMBER: (7, 2),
    FieldType.MONEY: (Decimal("1234.50"), Decimal("20.00")),
    FieldType.DATE: (datetime(2026, 1, 31, 18, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)),
    FieldType.BOOLEAN: (True, False),
    FieldType.LIST: (["gold", "summer"], ["new"]),
    None: (7, "Anna"),
}
_ATTRIBUTE_VALUES = {**_VALUES, FieldType.DATE: ("2026-01-31", "2025-06-01T08:00:00Z")}
"""Their dates are kept as texts."""


def sample_records(fields: Sequence[MessageField], attributes: AttributeTypes) -> list[dict[str, Any]]:
    """Two records that differ in every value: a template may be made for the one and fail on the other."""
    return [
        {
            **{field.name: _VALUES[field.type][place] for field in fields},
            ATTRIBUTES: {name: _ATTRIBUTE_VALUES[kind][place] for name, kind in attributes.items()},
        }
        for place in (0, 1)
    ]
