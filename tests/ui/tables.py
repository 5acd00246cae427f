"""What stands in the tables that lead on, as their reader has it."""

import json
from typing import Any

from pages._ui.formats import JOINT
from tests.ui.page import Page


def rows_of(page: Page, label: str) -> list[dict[str, str]]:
    """The rows of the table of that label, by the labels of its columns."""
    data = data_of(page, label)
    columns = [column["label"] for column in data["columns"]]
    return [
        dict(zip(columns, [cell["text"].replace(JOINT, " ") for cell in row["cells"]], strict=True))
        for row in data["rows"]
    ]


def links_of(page: Page, label: str) -> list[str]:
    """Where its rows lead to."""
    return [row["href"] for row in data_of(page, label)["rows"]]


def exact_of(page: Page, label: str) -> list[str]:
    """What its cells show on hover."""
    return [cell["exact"] for row in data_of(page, label)["rows"] for cell in row["cells"] if cell["exact"]]


def leads_of(page: Page, label: str) -> list[tuple[str, str]]:
    """Where its cells lead to beside that: the words and the address."""
    cells = [cell for row in data_of(page, label)["rows"] for cell in row["cells"]]
    return [(cell["lead"]["text"], cell["lead"]["href"]) for cell in cells if cell["lead"]]


def tables_on(page: Page) -> list[str]:
    return [data["label"] for data in _all_data(page)]


def data_of(page: Page, label: str) -> Any:
    found = [data for data in _all_data(page) if data["label"] == label]
    assert len(found) == 1, f"{len(found)} tables are named {label!r}"
    return found[0]


def _all_data(page: Page) -> list[Any]:
    components = [shown.proto for shown in page.test.get("bidi_component")]
    return [json.loads(proto.json) for proto in components if proto.component_name == "clientnest_link_table"]
