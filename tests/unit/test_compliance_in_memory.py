"""The compliance cases without a database: the engines in memory, the text and the refusals."""

from functools import cache

import pytest

from crm_core.errors import InvalidInput
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.loading import load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from tests.engines.compliance import (
    Json,
    campaigns_of,
    cases,
    catalogue_of,
    entries_of,
    given_of,
    is_opt_out,
    messages_of,
    moment_of,
    segments_of,
    stops_of,
    zone_of,
)
from tests.engines.memory import MemoryTown, build_memory_town


@cache
def town_of(family: str) -> MemoryTown:
    given = given_of(family)
    more = (catalogue_of(given), messages_of(given), campaigns_of(given), stops_of(given))
    return build_memory_town(entries_of(given), *more)


def place_of(family: str, case: Json) -> tuple[MemoryTown, RuleContext]:
    town, given = town_of(family), given_of(family)
    place = (segments_of(given), moment_of(family, case), zone_of(case))
    return town, town.context(*place, unknown_may_be_messaged=is_opt_out(case))


@pytest.mark.parametrize(("family", "case"), cases("matches"))
def test_each_engine_finds_those_whom_the_case_names(family: str, case: Json) -> None:
    town, context = place_of(family, case)
    found = town.by_engine(bind(load_rule(case["rule"]), context))
    assert found == dict.fromkeys(found, sorted(case["matches"])), case.get("why")


@pytest.mark.parametrize(("family", "case"), cases("text"))
def test_the_rule_reads_as_the_case_says_and_is_read_back(family: str, case: Json) -> None:
    _, context = place_of(family, case)
    rule = load_rule(case["rule"])
    assert to_text(bind(rule, context)) == case["text"]
    assert parse_text(case["text"], context) == rule


@pytest.mark.parametrize(("family", "case"), cases("refused"))
def test_what_cannot_be_evaluated_is_refused_with_its_place(family: str, case: Json) -> None:
    _, context = place_of(family, case)
    with pytest.raises(InvalidInput) as caught:
        bind(load_rule(case["rule"]), context)
    assert caught.value.field == case["refused"], case["why"]
    assert case["says"] in str(caught.value)
