"""The compliance cases: what rules mean, written as data, and held against every engine and the text.

Each file of ``tests/compliance`` tells what it decides, whose records are given, and for each rule whom it finds and
how it reads, or why it is refused.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.infra.streams import Stream
from crm_core.rules.binding import bind
from crm_core.rules.fields import Catalogue, FieldType
from crm_core.rules.loading import load_rule
from crm_core.rules.scope import KnownSegments, Scope, SegmentDefinition
from crm_core.rules.text.parsing import parse_text
from crm_core.rules.text.printing import to_text
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.engines.agreement import Town, build_town, new_database
from tests.integration.feeding import make_entry

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "compliance"
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.json") if "cases" in json.loads(path.read_text()))


@cache
def read(name: str) -> Json:
    found: Json = json.loads((FOLDER / name).read_text())
    return found


def given_of(family: str) -> Json:
    given = read(f"{family}.json")["given"]
    return read(given) if isinstance(given, str) else given


def cases(key: str) -> list[Any]:
    """Those that have that key, with the name of their family."""
    return [
        pytest.param(family, case, id=f"{family}-{number}")
        for family in FAMILIES
        for number, case in enumerate(read(f"{family}.json")["cases"], start=1)
        if key in case
    ]


class Towns:
    """One town at a time: the cases come family by family."""

    def __init__(self, servers: Settings) -> None:
        self._servers = servers
        self._services: Services | None = None
        self._name = ""
        self._town: Town | None = None

    def of(self, family: str) -> tuple[Town, Scope]:
        given = given_of(family)
        if self._name != family:
            self.close()
            self._services = self._open(given)
            self._name, self._town = family, build_town(self._services, _catalogue(given))
        assert self._town
        segments = KnownSegments(
            SegmentDefinition(name, saved["name"], 1, load_rule(saved["rule"]))
            for name, saved in given.get("segments", {}).items()
        )
        return self._town, self._town.scope(segments, datetime.fromisoformat(given["now"]))

    def _open(self, given: Json) -> Services:
        services = build_services(self._servers.with_servers(mongodb_database=new_database()))
        now = given["now"]
        for stream in (Stream.CUSTOMERS, Stream.ORDERS, Stream.EVENTS):
            records = [dict(record) for record in given.get(stream.value.removeprefix("stream:"), [])]
            moments = [datetime.fromisoformat(_accepted(stream, record, now)) for record in records]
            entries = [make_entry(stream, record, at=at) for record, at in zip(records, moments, strict=True)]
            if entries:
                assert services.persister.store(entries) == {}
        return services

    def close(self) -> None:
        if self._services:
            self._services.db.client.drop_database(self._services.db.name)
            self._services.close()


def _accepted(stream: Stream, record: Json, now: str) -> str:
    """``at`` of a customer is when it was accepted, of an event when it happened."""
    return str(record.pop("at", now)) if stream is Stream.CUSTOMERS else now


def _catalogue(given: Json) -> Catalogue:
    types = given.get("attributes", {})
    return Catalogue({name: FieldType(kind) if kind else None for name, kind in types.items()})


@pytest.fixture(scope="module")
def towns(servers: Settings) -> Iterator[Towns]:
    found = Towns(servers)
    yield found
    found.close()


@pytest.mark.parametrize(("family", "case"), cases("matches"))
def test_every_engine_finds_those_whom_the_case_names(towns: Towns, family: str, case: Json) -> None:
    town, scope = towns.of(family)
    found = town.by_engine(bind(load_rule(case["rule"]), scope))
    assert found == dict.fromkeys(found, sorted(case["matches"])), case.get("why")


@pytest.mark.parametrize(("family", "case"), cases("text"))
def test_the_rule_reads_as_the_case_says_and_is_read_back(towns: Towns, family: str, case: Json) -> None:
    _, scope = towns.of(family)
    rule = load_rule(case["rule"])
    assert to_text(bind(rule, scope)) == case["text"]
    assert parse_text(case["text"], scope) == rule


@pytest.mark.parametrize(("family", "case"), cases("refused"))
def test_what_cannot_be_evaluated_is_refused_with_its_place(towns: Towns, family: str, case: Json) -> None:
    _, scope = towns.of(family)
    with pytest.raises(InvalidInput) as caught:
        bind(load_rule(case["rule"]), scope)
    assert caught.value.field == case["refused"], case["why"]
    assert case["says"] in str(caught.value)


def test_every_case_is_held_against_something() -> None:
    all_cases = [case for family in FAMILIES for case in read(f"{family}.json")["cases"]]
    assert len(all_cases) == len(cases("matches")) + len(cases("refused")) == len(cases("text")) + len(cases("refused"))
    assert all(read(f"{family}.json")["decides"] for family in FAMILIES)
