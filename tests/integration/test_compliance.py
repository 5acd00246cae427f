"""The compliance cases: what rules mean, written as data, and held against every engine and the text."""

from collections.abc import Iterator

import pytest

from crm_core.errors import InvalidInput
from crm_core.rules.binding import bind
from crm_core.rules.context import RuleContext
from crm_core.rules.loading import load_rule
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.engines.agreement import Town, build_town, new_database
from tests.engines.compliance import (
    FAMILIES,
    Json,
    campaigns_of,
    cases,
    catalogue_of,
    entries_of,
    given_of,
    is_opt_out,
    messages_of,
    moment_of,
    read,
    segments_of,
    stops_of,
    zone_of,
)


class Towns:
    """One town at a time: the cases come family by family."""

    def __init__(self, servers: Settings) -> None:
        self._servers = servers
        self._services: Services | None = None
        self._name = ""
        self._town: Town | None = None

    def of(self, family: str, case: Json) -> tuple[Town, RuleContext]:
        given = given_of(family)
        if self._name != family:
            self.close()
            self._services = self._open(given)
            parts = (catalogue_of(given), campaigns_of(given), stops_of(given))
            self._name, self._town = family, build_town(self._services, *parts)
        assert self._town
        place = (segments_of(given), moment_of(family, case), zone_of(case))
        return self._town, self._town.context(*place, unknown_may_be_messaged=is_opt_out(case))

    def _open(self, given: Json) -> Services:
        services = build_services(self._servers.with_servers(mongodb_database=new_database()))
        for entries in entries_of(given).values():
            if entries:
                assert services.persister.store(entries) == {}
        if messages := messages_of(given):
            services.db.messages.insert_many(messages)
        return services

    def close(self) -> None:
        if self._services:
            self._services.db.client.drop_database(self._services.db.name)
            self._services.close()


@pytest.fixture(scope="module")
def towns(servers: Settings) -> Iterator[Towns]:
    found = Towns(servers)
    yield found
    found.close()


@pytest.mark.parametrize(("family", "case"), cases("matches"))
def test_every_engine_finds_those_whom_the_case_names(towns: Towns, family: str, case: Json) -> None:
    town, context = towns.of(family, case)
    found = town.by_engine(bind(load_rule(case["rule"]), context))
    assert found == dict.fromkeys(found, sorted(case["matches"])), case.get("why")


@pytest.mark.parametrize(("family", "case"), cases("text"))
def test_the_rule_reads_as_the_case_says_and_is_read_back(towns: Towns, family: str, case: Json) -> None:
    _, context = towns.of(family, case)
    rule = load_rule(case["rule"])
    assert to_text(bind(rule, context)) == case["text"]
    assert parse_text(case["text"], context) == rule


@pytest.mark.parametrize(("family", "case"), cases("refused"))
def test_what_cannot_be_evaluated_is_refused_with_its_place(towns: Towns, family: str, case: Json) -> None:
    _, context = towns.of(family, case)
    with pytest.raises(InvalidInput) as caught:
        bind(load_rule(case["rule"]), context)
    assert caught.value.field == case["refused"], case["why"]
    assert case["says"] in str(caught.value)


def test_every_case_is_held_against_something() -> None:
    all_cases = [case for family in FAMILIES for case in read(f"{family}.json")["cases"]]
    assert len(all_cases) == len(cases("matches")) + len(cases("refused")) == len(cases("text")) + len(cases("refused"))
    assert all(read(f"{family}.json")["decides"] for family in FAMILIES)
