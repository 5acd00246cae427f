"""The tables of ``docs/fields.md``, made from the schema; a test compares them."""

from collections.abc import Sequence

from crm_core.schema import kinds
from crm_core.schema.fields import Field, RecordSchema, Source
from crm_core.schema.statuses import STATUSES, Status

FIELDS_HEAD = "| field | value | what | columns | rules | messages | profile |"
STATUS_HEAD = "| status | also read | counts as an order | adds to the spend |"
_FIXED: dict[type[kinds.Kind], str] = {
    kinds.Identifier: f"id, 1 to {kinds.MAX_ID_LENGTH} characters",
    kinds.Email: "e-mail address",
    kinds.Phone: "phone number",
    kinds.TextList: f"at most {kinds.MAX_ENTRIES} texts",
    kinds.Flag: "true or false",
    kinds.Count: "whole number from 0",
    kinds.OrderStatus: "status",
    kinds.Currency: "ISO 4217 code",
    kinds.Keyword: "keyword",
    kinds.Values: f"at most {kinds.MAX_ENTRIES} values by name",
    kinds.Consent: "granted, denied or unknown, by channel",
}


def fields_table(records: RecordSchema) -> str:
    """One row a field that people see."""
    return _table(FIELDS_HEAD, [_field_row(row) for row in records.fields if not row.is_hidden])


def items_table(items: kinds.Items) -> str:
    """One row a field of an item."""
    return _table(
        "| field | value | what |", [_cells(_name(row), _value(row.kind), _what(row)) for row in items.fields]
    )


def statuses_table() -> str:
    return _table(STATUS_HEAD, [_status_row(status) for status in STATUSES])


def _field_row(row: Field) -> str:
    columns = ", ".join(f"`{name}`" for name in row.columns)
    uses = ("yes" if used else "" for used in (row.rules, row.in_messages, row.on_profile))
    return _cells(_name(row), _value(row.kind), _what(row), columns, *uses)


def _name(row: Field) -> str:
    return f"`{row.name}`{' (required)' if row.is_required else ''}"


def _what(row: Field) -> str:
    source = " Not on the wire." if row.source is Source.DERIVED else ""
    default = f" Default: `{row.default}`." if row.default is not None else ""
    return f"{row.label}.{f' {row.about}' if row.about else ''}{default}{source}"


def _value(kind: kinds.Kind) -> str:
    match kind:
        case kinds.Text():
            return f"text, at most {kind.max_length} characters"
        case kinds.Number():
            return f"number, {kind.low:,} to {kind.high:,}"
        case kinds.Money():
            return f"amount, at most `{kind.at_most}`" if kind.at_most else "amount"
        case kinds.Moment():
            return "time" if kind.may_be_ahead else "past time"
        case kinds.Items():
            return f"at most {kinds.MAX_ITEMS} items"
        case _:
            return _FIXED[type(kind)]


def _status_row(status: Status) -> str:
    words = ", ".join(f"`{word}`" for word in status.words)
    spend = "amount − refunded" if status.is_spend else "nothing"
    return _cells(
        f"`{status.name}`", words, "yes" if status.is_order else "no", "−amount" if status.is_return else spend
    )


def _table(head: str, rows: Sequence[str]) -> str:
    return "\n".join([head, "|" + " --- |" * (head.count("|") - 1), *rows])


def _cells(*cells: str) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)
