"""The README's table of settings says what ``Settings`` says, field by field."""

import re

from crm_core.settings import Settings, settings_table
from tests.running_app import ROOT

ROW = re.compile(r"^\| `(CRM_[A-Z_]+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def rows_of(text: str) -> list[tuple[str, str, str]]:
    """Variable, default and description of each row."""
    return [(match[1], match[2], match[3]) for match in ROW.finditer(text)]


def test_readme_has_a_row_for_every_setting_with_its_default_and_description_and_no_other() -> None:
    expected = [
        (f"CRM_{name.upper()}", "unset" if field.default is None else f"`{field.default}`", field.description)
        for name, field in Settings.model_fields.items()
    ]
    assert rows_of((ROOT / "README.md").read_text()) == expected, f"paste this into README.md:\n{settings_table()}"


def test_every_setting_is_described_in_one_line() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert "\n" not in field.description
        assert "|" not in field.description


def test_rendered_table_is_what_the_readme_needs() -> None:
    assert len(rows_of(settings_table())) == len(Settings.model_fields)
