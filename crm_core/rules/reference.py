"""The tables of ``docs/rules.md``, made from the registry and the catalogue; a test compares them."""

from crm_core.rules.fields import FIELDS, CustomerField, FieldType
from crm_core.rules.operators import OPERATORS, Operator, Takes
from crm_core.rules.tree import MAX_DAYS

VALUES = {
    Takes.ONE: "one value",
    Takes.RANGE: "`[low, high]`",
    Takes.MANY: "an array of texts",
    Takes.DAYS: "a number of days",
    Takes.PERCENT: "a percentage above 0 up to 100",
    Takes.NOTHING: "nothing",
}
OPERATORS_HEAD = "| op | types | value | in the text | matches a missing value |"
FIELDS_HEAD = "| field | in the text | type | what |"


def operators_table() -> str:
    """One row an operator of the registry."""
    return "\n".join([OPERATORS_HEAD, _line(OPERATORS_HEAD), *map(_operator_row, OPERATORS)])


def fields_table() -> str:
    """One row a built-in field."""
    rows = [
        f"| `{found.name}` | {_text_names(found)} | {_type(found.type, found.unit)} | {found.label} |"
        for found in FIELDS
    ]
    return "\n".join([FIELDS_HEAD, _line(FIELDS_HEAD), *rows])


def _operator_row(operator: Operator) -> str:
    types = (
        "any but choice" if set(FieldType) - operator.types == {FieldType.CHOICE} else ", ".join(sorted(operator.types))
    )
    spelled = ", ".join(f"`{spelling.replace('{}', '…')}`" for spelling in operator.spellings)
    missing = f"yes: it is the opposite of `{operator.complement_of}`" if operator.complement_of else "no"
    return f"| `{operator.key}` | {types} | {_value(operator)} | {spelled} | {missing} |"


def _value(operator: Operator) -> str:
    most = f", at most {operator.most_days:,}" if operator.most_days != MAX_DAYS else ""
    return f"{VALUES[operator.takes]}{most}"


def _text_names(found: CustomerField) -> str:
    idle = [f"`{found.idle.word} for … days`", f"`never {found.idle.never}`"] if found.idle else []
    return ", ".join([*(f"`{word}`" for word in (*found.aliases, found.name)), *idle])


def _type(kind: FieldType, unit: str) -> str:
    return f"{kind} ({unit})" if unit and kind is FieldType.NUMBER else str(kind)


def _line(head: str) -> str:
    return "|" + " --- |" * (head.count("|") - 1)
