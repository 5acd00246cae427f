"""Files as users have them, and what the import reads in them."""

from io import BytesIO
from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.imports.formats.formats import plan_import
from crm_core.imports.reading.items import BadLine, FileRecord
from crm_core.imports.reading.sources import FileSource
from crm_core.imports.recognising.plan import ImportOptions, ImportPlan


def plan_of(text: str | bytes, name: str = "shop.csv", **options: Any) -> ImportPlan:
    """options: of ``ImportOptions``."""
    data = text if isinstance(text, bytes) else text.encode()
    return plan_import(FileSource.of_file(BytesIO(data), name), ImportOptions(**options))


def read(text: str | bytes, name: str = "shop.csv", **options: Any) -> list[dict[str, Any]]:
    """Its records, when all of it is good."""
    items = list(plan_of(text, name, **options).items())
    assert all(isinstance(item, FileRecord) for item in items), items
    return [dict(item.record) for item in items if isinstance(item, FileRecord)]


def bad_lines(text: str | bytes, name: str = "shop.csv", **options: Any) -> list[tuple[int, str]]:
    items = plan_of(text, name, **options).items()
    return [(item.line, item.reason) for item in items if isinstance(item, BadLine)]


def refusal(text: str | bytes, name: str = "shop.csv", **options: Any) -> str:
    """Why nothing of it is read."""
    with pytest.raises(InvalidInput) as caught:
        list(plan_of(text, name, **options).items())
    return str(caught.value)
