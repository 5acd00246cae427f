"""The import command's client: patient with an API that is busy or away, and it says so."""

from pathlib import Path

import pytest

from crm_core.errors import Forbidden
from crm_core.importing.formats import ImportFile, open_import
from crm_core.importing.sending import Importer, ImportResult
from tests.integration.answer_server import Answer, answer_server

JSON = {"Content-Type": "application/json"}
BUSY = Answer(503, {"detail": "busy"}, {"Retry-After": "0"})
TAKEN = Answer(202, {"accepted": 2, "rejected": []}, JSON)


@pytest.fixture
def two_customers(tmp_path: Path) -> ImportFile:
    file = tmp_path / "customers.csv"
    file.write_text("id\na\nb\n")
    return open_import(file, "csv")


def test_a_busy_api_is_asked_again_and_the_reason_is_said_once(two_customers: ImportFile) -> None:
    said: list[str] = []
    done: list[int] = []
    with answer_server([BUSY, Answer(429, {}, {"Retry-After": "0"}), TAKEN]) as url:
        result = Importer(url, "key").send(two_customers, done.append, waiting=said.append)
        assert said == [f"The API at {url}/api/v1/ answers 503: trying again for 120 s."]
    assert (result, done) == (ImportResult(accepted=2), [2])


def test_an_api_that_takes_everything_is_waited_for_in_silence(two_customers: ImportFile) -> None:
    said: list[str] = []
    with answer_server([TAKEN]) as url:
        Importer(url, "key").send(two_customers, lambda _: None, waiting=said.append)
    assert said == []


def test_a_refused_key_is_not_tried_again(two_customers: ImportFile) -> None:
    refused = Answer(403, {"detail": "This API key lacks the scope ingest:write."}, JSON)
    with answer_server([refused, TAKEN]) as url, pytest.raises(Forbidden, match="lacks the scope"):
        Importer(url, "key").send(two_customers, lambda _: None, waiting=lambda _: None)


def test_the_header_of_a_file_is_no_record(two_customers: ImportFile) -> None:
    assert (two_customers.header_lines, len(list(two_customers.records))) == (1, 2)
