"""The README's two tables of settings say what the models say, field by field."""

import re

import pytest

from crm_core.settings import Settings
from crm_core.workspace.model import WorkspaceSettings
from crm_core.workspace.rows import read_rows, settings_table
from tests.running_app import ROOT

README = (ROOT / "README.md").read_text()


def process_table() -> str:
    rows = [
        f"| `CRM_{name.upper()}` | {'unset' if field.default is None else f'`{field.default}`'} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what |", "| --- | --- | --- |", *rows])


TABLES = {"settings": process_table(), "workspace settings": settings_table(WorkspaceSettings)}


def between(name: str) -> str:
    return README.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0].strip()


@pytest.mark.parametrize("name", TABLES)
def test_readme_has_the_table_that_the_model_gives(name: str) -> None:
    assert between(name) == TABLES[name], f"paste this into README.md:\n{TABLES[name]}"


def test_each_table_has_a_row_for_every_setting() -> None:
    for name, model in (("settings", Settings), ("workspace settings", WorkspaceSettings)):
        variables = re.findall(r"`(CRM_[A-Z_]+)` \|", TABLES[name])
        assert variables == [f"CRM_{field.upper()}" for field in model.model_fields]


def test_no_setting_is_both_of_a_process_and_of_the_workspace() -> None:
    assert not Settings.model_fields.keys() & WorkspaceSettings.model_fields.keys()


def test_every_setting_is_described_in_one_line() -> None:
    described = [(name, field.description) for name, field in Settings.model_fields.items()]
    described += [(name, row.help) for name, row in read_rows(WorkspaceSettings).items()]
    for name, text in described:
        assert text, name
        assert "\n" not in text
        assert "|" not in text


def test_every_setting_of_the_workspace_has_a_label_and_a_section_of_its_page() -> None:
    for row in read_rows(WorkspaceSettings).values():
        assert row.label != row.name
        assert row.section != "Other"
        assert row.unset or not row.is_optional
