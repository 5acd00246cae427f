"""What the API says of records that it rejects, with the line, the column and the value in the file."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.imports.reading.items import FileRecord
from crm_core.imports.reading.quoting import quote
from crm_core.imports.recognising.plan import ImportPlan


def describe_rejections(
    rejections: Sequence[Mapping[str, Any]], records: Sequence[FileRecord], plan: ImportPlan
) -> dict[int, str]:
    """Index of the record to a sentence with all its errors."""
    return {one["index"]: _describe(one["errors"], records[one["index"]], plan) for one in rejections}


def _describe(errors: Sequence[Mapping[str, str]], item: FileRecord, plan: ImportPlan) -> str:
    faults = "; ".join(_fault(error["field"], error["message"], item.record, plan) for error in errors)
    return f"line {item.line}: {faults}"


def _fault(path: str, message: str, record: Mapping[str, Any], plan: ImportPlan) -> str:
    value = _value_at(record, path)
    here = "" if value is None else f" (here {quote(value) if isinstance(value, str) else value})"
    column = plan.column_of(path)
    return f"{path}{f' (column {column})' if column else ''} {message}{here}".lstrip()


def _value_at(record: Mapping[str, Any], path: str) -> str | int | float | None:
    """The plain value that an error is about; None where the path leads to none."""
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str | int | float) else None
