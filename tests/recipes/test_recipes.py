"""Each recipe of CONTRIBUTING.md does what it says, and touches two files at most."""

from pathlib import Path

import pytest

from crm_core.settings import Settings
from tests.recipes.recipe import PROOFS, prove, read_recipes

RECIPES = read_recipes()
PROOF_OF = {
    "A rule operator": "rule_operator",
    "A field of the customer": "customer_field",
    "A channel": "channel",
    "A page with a chart": "page",
    "An insight": "insight",
    "A workspace setting": "workspace_setting",
}
MAX_FILES = 2


def test_every_recipe_has_a_proof() -> None:
    assert RECIPES.keys() == PROOF_OF.keys()
    assert {f"{name}.py" for name in PROOF_OF.values()} == {path.name for path in PROOFS.glob("[a-z]*.py")}


@pytest.mark.parametrize("title", PROOF_OF)
def test_a_recipe_touches_two_files_at_most(title: str) -> None:
    assert 1 <= len(RECIPES[title].changes) <= MAX_FILES


@pytest.mark.parametrize("title", PROOF_OF)
def test_a_recipe_leads_where_it_says(title: str, servers: Settings, tmp_path: Path) -> None:
    settings = servers.with_servers(mongodb_database=f"recipe_{PROOF_OF[title]}")
    prove(RECIPES[title], PROOF_OF[title], tmp_path, settings)
