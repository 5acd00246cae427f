"""The public suite of Liquid cases (golden-liquid): templates of the sandbox say what Liquid says, but for a list."""

from typing import Any

from liquid import DictLoader

from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.drafting.sandbox import TemplateFault, make_environment, parse_bounded, render_bounded
from tests.unit.golden import load_cases, load_differences


def passes(case: dict[str, Any]) -> bool:
    environment = make_environment(MessageFormat())
    environment.loader = DictLoader(case.get("templates", {}))
    try:
        said = render_bounded(parse_bounded(environment, case["template"]).template, case.get("data", {}))
    except TemplateFault:
        return bool(case.get("invalid"))
    return not case.get("invalid") and said in [case.get("result"), *case.get("results", ())]


def test_every_case_passes_that_is_not_listed_as_different() -> None:
    failed = {name for name, case in load_cases().items() if not passes(case)}
    assert failed - load_differences().keys() == set()


def test_every_case_listed_as_different_exists_and_differs() -> None:
    cases = load_cases()
    assert {name for name in load_differences() if name not in cases or passes(cases[name])} == set()
