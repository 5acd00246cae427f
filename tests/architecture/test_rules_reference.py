"""``docs/rules.md`` says what the registry of operators and the catalogue of fields say."""

import json
from datetime import UTC, datetime

from crm_core.infra.text import fold
from crm_core.money import money_formatter
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.fields import FIELDS
from crm_core.rules.loading import load_rule
from crm_core.rules.operators import OPERATORS
from crm_core.rules.reference import fields_table, operators_table
from crm_core.rules.sentence import to_sentence
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from tests.running_app import ROOT

DOCS = (ROOT / "docs" / "rules.md").read_text()


def between(start: str, end: str) -> str:
    return DOCS.split(start)[1].split(end)[0].strip()


def test_the_table_of_operators_is_the_registry() -> None:
    assert between("<!-- operators -->", "<!-- /operators -->") == operators_table()
    assert operators_table().count("\n") == len(OPERATORS) + 1


def test_the_table_of_fields_is_the_catalogue() -> None:
    assert between("<!-- fields -->", "<!-- /fields -->") == fields_table()
    assert fields_table().count("\n") == len(FIELDS) + 1


def test_the_example_is_one_rule_as_text_as_tree_and_as_sentence() -> None:
    text, tree = between("```text", "```"), json.loads(between("```json", "```"))
    words = " ".join(line.removeprefix("> ") for line in DOCS.splitlines() if line.startswith("> "))
    context = RuleContext(datetime(2026, 6, 15, tzinfo=UTC), 2, fold)
    bound = bind(load_rule(tree), context)
    assert parse_text(text, context) == load_rule(tree)
    assert to_text(bound) == text
    assert to_sentence(bound, money_formatter("USD")) == words
