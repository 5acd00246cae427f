"""docs/messages.md names every field that a message may use."""

from pathlib import Path

from crm_core.campaigns.drafting.message_fields import FIELDS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "messages.md"


def test_the_document_has_the_table_of_the_fields() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    table = text.split("<!-- fields -->")[1].split("<!-- /fields -->")[0].strip().splitlines()
    assert table[2:] == [f"| `{field.path}` | {field.type} | {field.label} |" for field in FIELDS]
