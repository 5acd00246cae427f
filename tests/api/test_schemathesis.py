"""Generated requests against all that the OpenAPI document promises: no failure of ours, no answer it does not know.

``CLIENTNEST_FUZZ_EXAMPLES=500 pytest tests/api/test_schemathesis.py`` runs longer by hand.
"""

import os
import unittest
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import requests
import schemathesis
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.control import SkipTest
from schemathesis.core.result import Ok
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.hypothesis.builder import (
    InvalidHeadersExampleMark,
    InvalidRegexMark,
    MissingPathParameters,
    NonSerializableMark,
    UnsatisfiableExampleMark,
    UnserializablePayloadMark,
)
from schemathesis.generation.hypothesis.reporting import ignore_hypothesis_output
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.python._constants.orchestrator import make_constants_value_source
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from crm_core.access.scopes import Scope
from crm_core.api.app import create_api
from crm_core.infra.streams import INGESTED
from tests.api.figures import figure, read_figures
from tests.api.keys import client_with_rate
from tests.running_app import RunningApp, start_app
from tests.waiting import eventually

EXAMPLES = int(os.environ.get("CLIENTNEST_FUZZ_EXAMPLES", "20"))
"""Random requests an operation, beside those that try each bound of its schema."""
LEAST = 40 * EXAMPLES
"""Requests in all: fewer would mean that the document has lost most of what it says."""
WAITING = "clientnest_stream_waiting"
OF_AN_ANSWER = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNTRIED: tuple[Any, ...] = (
    *(InvalidHeadersExampleMark, InvalidRegexMark, MissingPathParameters),
    *(NonSerializableMark, UnsatisfiableExampleMark, UnserializablePayloadMark),
)
"""Why a part of an operation was not tried."""
CHECKS = [*OF_AN_ANSWER, ignored_auth, unsupported_method, allow_header_conformance]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app of its own: what is made up disturbs nobody."""
    with start_app(tmp_path_factory.mktemp("fuzzed")) as running:
        yield running


@pytest.fixture(scope="module")
def session(fuzzed: RunningApp) -> Iterator[requests.Session]:
    with client_with_rate(fuzzed, *Scope, rate=100_000) as client, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = client.headers["Authorization"]
        yield session


api = schemathesis.openapi.from_dict(create_api().openapi())
api.config.generation.update(max_examples=EXAMPLES, deterministic=True, no_shrink=True)
OPERATIONS = [cast("Ok[Any]", each).ok() for each in api.get_all_operations()]


def run_law(operation: Any, check: Callable[[schemathesis.Case[Any]], None]) -> None:
    """Run the test of ``check`` as ``api.parametrize`` has it made, which takes a third of a second an operation: only
    when it is run, and not to collect it, in each process. What cannot be tried is a failure."""
    load_all_checks()
    feedback = FeedbackSources(constants_value_source=make_constants_value_source(api))
    law = build_operation_test(
        config=api.config, operation=operation, test_func=check, given_kwargs={}, feedback=feedback
    )
    try:
        with ignore_hypothesis_output():
            law()
    except (SkipTest, unittest.SkipTest) as exc:
        raise AssertionError(f"{operation.label} was not tried: {exc}") from exc
    assert not [mark for mark in UNTRIED if mark.is_set(law)]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.label)
def test_every_answer_is_one_that_the_document_knows(
    operation: Any, fuzzed: RunningApp, session: requests.Session
) -> None:
    def check(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=f"{fuzzed.url}/api", session=session, checks=CHECKS, timeout=60)

    run_law(operation, check)


def keyed() -> list[Any]:
    """The operations that ask for an API key."""
    return [each for each in OPERATIONS if "HTTPBearer" in str(each.definition.raw["security"])]


@pytest.mark.parametrize("key", ["", "Bearer cn_unknown", "Basic YTpi"])
@pytest.mark.parametrize("operation", keyed(), ids=lambda each: each.label)
def test_without_a_key_that_is_known_every_operation_answers_401(operation: Any, key: str, fuzzed: RunningApp) -> None:
    headers = {"Authorization": key} if key else {}
    case = operation.Case(path_parameters={each.name: "any" for each in operation.path_parameters}, headers=headers)
    answer = case.call_and_validate(base_url=f"{fuzzed.url}/api", checks=OF_AN_ANSWER, timeout=60)
    assert answer.status_code == 401


def test_operations_without_a_key_are_few_and_known() -> None:
    paths = api.raw_schema["paths"]
    every = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    others = every - {each.label for each in keyed()}
    assert others == {"GET /healthz", "GET /readyz", "GET /metrics", "POST /v1/receipts"}


def test_there_were_many_such_requests(fuzzed: RunningApp) -> None:
    samples = [sample for sample in read_figures(fuzzed) if sample.name == "clientnest_http_requests_total"]
    made = sum(sample.value for sample in samples)
    print(f"{made:,.0f} generated requests")  # noqa: T201 - for who runs it longer by hand, with -s
    assert made > LEAST
    assert not [sample.labels for sample in samples if sample.labels["status"].startswith("5")]


def test_whatever_was_accepted_of_them_is_stored(fuzzed: RunningApp) -> None:
    assert figure(fuzzed, "clientnest_records_total", stream="customers", outcome="accepted") > 0
    eventually(
        lambda: [figure(fuzzed, WAITING, stream=stream.label) for stream in INGESTED], lambda found: not any(found)
    )
    assert figure(fuzzed, "clientnest_dead_letters") == 0
