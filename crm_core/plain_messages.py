"""What is said of a value that breaks a rule: one table, in place of Pydantic's own messages."""

from collections.abc import Mapping
from datetime import date
from typing import Any, get_args

from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

TEXT, WHOLE, NUMBER = "must be a text", "must be a whole number", "must be a number"
ARRAY, OBJECT = "must be an array", "must be an object"
MOMENT = 'must be an ISO 8601 time with its zone, such as "2026-01-31T18:00:00Z"'

MESSAGES: Mapping[str, str] = {
    "json_invalid": "is no valid JSON: {error}",
    "missing": "is required",
    "extra_forbidden": "is no known field",
    "none_required": "must be null",
    "string_type": TEXT,
    "string_unicode": "must be valid Unicode, without lone surrogates",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_from_float": WHOLE,
    "int_parsing_size": "must be a whole number of at most 64 bits",
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "decimal_type": NUMBER,
    "decimal_parsing": NUMBER,
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "list_type": ARRAY,
    "tuple_type": ARRAY,
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "dict_type": OBJECT,
    "model_type": OBJECT,
    "model_attributes_type": OBJECT,
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_object_invalid": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "timezone_aware": MOMENT,
    "timezone_offset": MOMENT,
    "value_error": "{error}",
}
SINGULAR: Mapping[str, str] = {
    "string_too_short": "must not be empty",
    "too_short": "must have at least 1 entry",
    "too_long": "must have at most 1 entry",
}
"""The same for a limit of 1."""
NOT_VALID = "is not valid"
PYDANTIC_KINDS = frozenset(get_args(ErrorType))


def plain_message(error: ErrorDetails) -> str:
    """The words for an error; they follow the name of the field. Our own validators word their errors themselves."""
    kind, context = error["type"], error.get("ctx", {})
    if kind not in MESSAGES:
        return NOT_VALID if kind in PYDANTIC_KINDS else error["msg"]
    if kind in SINGULAR and 1 in (context.get("min_length"), context.get("max_length")):
        return SINGULAR[kind]
    return MESSAGES[kind].format(**{name: _shown(value) for name, value in context.items()})


def _shown(value: Any) -> Any:
    """Times as JSON has them, whole numbers without decimals."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, date) else value
