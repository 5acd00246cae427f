"""``docs/fields.md`` says what the schema says."""

import pytest

from crm_core.schema.order import ITEM
from crm_core.schema.reference import fields_table, items_table, statuses_table
from crm_core.schema.schema import SCHEMA
from tests.running_app import ROOT

DOCS = (ROOT / "docs" / "fields.md").read_text()
TABLES = {
    **{records.name: fields_table(records) for records in SCHEMA},
    "items": items_table(ITEM),
    "statuses": statuses_table(),
}


@pytest.mark.parametrize("name", TABLES)
def test_each_table_of_fields_is_made_from_the_schema(name: str) -> None:
    assert DOCS.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0].strip() == TABLES[name]
