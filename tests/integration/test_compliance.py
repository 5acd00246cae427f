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

CASES = sorted([*cases("matches"), *cases("refused")], key=lambda each: str(each.values[0]))
"""Family by family: each has its town."""


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


@pytest.mark.parametrize(("family", "case"), CASES)
def test_every_engine_and_the_text_say_what_the_case_says(towns: Towns, family: str, case: Json) -> None:
    town, context = towns.of(family, case)
    if "refused" in case:
        check_refused(case, context)
        return
    rule = load_rule(case["rule"])
    bound = bind(rule, context)
    found = town.by_engine(bound)
    assert found == dict.fromkeys(found, sorted(case["matches"])), case.get("why")
    assert to_text(bound) == case["text"]
    assert parse_text(case["text"], context) == rule


def check_refused(case: Json, context: RuleContext) -> None:
    """With its place."""
    with pytest.raises(InvalidInput) as caught:
        bind(load_rule(case["rule"]), context)
    assert caught.value.field == case["refused"], case["why"]
    assert case["says"] in str(caught.value)


def test_every_case_is_held_against_something() -> None:
    all_cases = [case for family in FAMILIES for case in read(f"{family}.json")["cases"]]
    assert len(all_cases) == len(cases("matches")) + len(cases("refused")) == len(cases("text")) + len(cases("refused"))
    assert all(read(f"{family}.json")["decides"] for family in FAMILIES)
