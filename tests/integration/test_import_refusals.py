"""What the API refuses of a batch that was sent in parts is told by the line of the file."""

from pathlib import Path
from typing import Any

import pytest

from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.running.connection import ApiConnection, Pause
from crm_core.imports.running.result import ImportResult
from crm_core.imports.running.run import prepare_run
from tests.integration.answer_server import Answer, answer_server

JSON = {"Content-Type": "application/json"}
TOO_LARGE = Answer(413, {"detail": "Too large."}, JSON)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Four customers, in lines 2 to 5."""
    made = tmp_path / "customers.csv"
    made.write_text("id,visits\nc0,1\nc1,1\nc2,1\nc3,1\n")
    return made


def taken(*bad: int, status: int = 202, position: str | None = None) -> Answer:
    """An answer that rejects the records with these indices."""
    rejected = [{"index": index, "errors": [{"field": "visits", "message": "is odd"}]} for index in bad]
    headers = JSON | ({"X-Stream-Position": position} if position else {})
    return Answer(status, {"accepted": 0, "rejected": rejected}, headers)


def send(file: Path, *answers: Answer, received: list[Any] | None = None) -> ImportResult:
    with answer_server(answers, received=received) as url:
        connection = ApiConnection(url, "key", say=lambda _: None, pause=Pause())
        run = prepare_run(file, ImportOptions(mapping={}), connection, file.parent / "imports")
        run.send(lambda _: None)
        return run.result


def test_a_rejection_in_the_second_half_of_a_batch_names_its_line(file: Path) -> None:
    result = send(file, TOO_LARGE, taken(), taken(1))
    assert result.errors == ("line 5: visits is odd (here 1)",)
    assert (result.done, result.accepted, result.rejected) == (4, 3, 1)


@pytest.mark.parametrize("status", [202, 422])
def test_a_second_half_that_is_bad_as_a_whole_names_each_of_its_lines(file: Path, status: int) -> None:
    result = send(file, TOO_LARGE, taken(), taken(0, 1, status=status))
    assert [error.partition(":")[0] for error in result.errors] == ["line 4", "line 5"]
    assert (result.accepted, result.rejected) == (2, 2)


def test_when_the_whole_first_half_is_bad_each_line_is_named_and_the_rest_is_sent(file: Path) -> None:
    received: list[Any] = []
    result = send(file, TOO_LARGE, taken(0, 1, status=422), taken(), received=received)
    assert [error.partition(":")[0] for error in result.errors] == ["line 2", "line 3"]
    assert [[record["id"] for record in body] for body in received[1:]] == [["c0", "c1"], ["c2", "c3"]]


def test_rejections_of_both_halves_are_told_in_the_order_of_the_file(file: Path) -> None:
    result = send(file, TOO_LARGE, taken(1), TOO_LARGE, taken(0), TOO_LARGE)
    assert [error.partition(":")[0] for error in result.errors] == ["line 3", "line 4", "line 5"]
    assert result.errors[2] == "line 5: Too large."
    assert result.accepted == 1


@pytest.mark.parametrize(
    ("answers", "position"),
    [
        ((taken(position="1-0"), taken(position="2-0")), "2-0"),
        ((taken(position="1-0"), taken(0, 1, status=422)), "1-0"),
        ((taken(0, 1, status=422), taken(position="2-0")), "2-0"),
    ],
)
def test_what_is_waited_for_is_the_last_record_that_was_accepted(
    file: Path, answers: tuple[Answer, ...], position: str
) -> None:
    assert send(file, TOO_LARGE, *answers).position == position
