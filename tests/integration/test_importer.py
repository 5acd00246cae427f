"""The import's side of the API: patient with one that is busy or away, and it goes on where it stopped."""

import itertools
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import IO, Any

import pytest

from crm_core.errors import Forbidden, InvalidInput, Unavailable
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.running.connection import ApiConnection, Pause
from crm_core.imports.running.result import ImportResult
from crm_core.imports.running.run import ImportRun, prepare_run
from tests.integration.answer_server import NOT_FOUND, Answer, answer_server
from tests.running_app import run_command, start_command

JSON = {"Content-Type": "application/json"}
BUSY = Answer(503, {"detail": "busy"}, {"Retry-After": "0"})
TAKEN = Answer(202, {"accepted": 2, "rejected": []}, JSON)
BATCH = 1000


class StillPause(Pause):
    """Time that passes only by sleeping, at once."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Rig:
    """An import of one file with a data folder and time of its own. said: what it told of its waiting."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pause = folder, StillPause()
        self.file = folder / "customers.csv"
        self.said: list[str] = []
        self.write(2)

    def write(self, count: int) -> None:
        self.file.write_text("\n".join(["id", *(f"c{number}" for number in range(count))]))

    def prepare(
        self, url: str, *, mapping: Mapping[str, str] | None = None, wait: bool = False, restart: bool = False
    ) -> ImportRun:
        connection = ApiConnection(url, "key", say=self.said.append, pause=self.pause)
        options = ImportOptions(mapping=mapping or {})
        return prepare_run(self.file, options, connection, self.folder / "imports", wait=wait, restart=restart)

    def run(self, url: str, *, wait: bool = False) -> ImportResult:
        run = self.prepare(url, wait=wait)
        run.send(lambda _: None)
        if wait:
            run.wait(lambda _: None)
        run.finish()
        return run.result


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def status(oldest: str | None, waiting: int = 1, workspace: str = "w1") -> Answer:
    """What GET /ingestion answers of customers."""
    streams = {"customers": {"waiting": waiting, "oldest": oldest}, "orders": {"waiting": 9, "oldest": "1-0"}}
    return Answer(200, {"workspace": workspace, "streams": streams}, JSON)


def taken(position: str) -> Answer:
    return Answer(202, {"accepted": 0, "rejected": []}, {**JSON, "X-Stream-Position": position})


def test_a_busy_api_is_asked_again_and_the_reason_is_said_once(rig: Rig) -> None:
    with answer_server([BUSY, Answer(429, {}, {"Retry-After": "0"}), TAKEN]) as url:
        assert rig.run(url) == ImportResult(done=2, accepted=2)
        assert rig.said == [f"The API at {url}/api/v1/ answers 503: trying again for 120 s."]


def test_an_api_that_takes_everything_is_waited_for_in_silence(rig: Rig) -> None:
    with answer_server([TAKEN]) as url:
        rig.run(url)
    assert (rig.said, rig.pause.slept) == ([], [])


def test_it_comes_back_when_the_api_asks_it_to(rig: Rig) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    with answer_server([Answer(429, {}, {"Retry-After": "7"}), Answer(503, {}, {"Retry-After": later}), TAKEN]) as url:
        assert rig.run(url).accepted == 2
    seconds, until = rig.pause.slept
    assert seconds == 7
    assert 200 < until <= 300


def test_a_wait_that_nobody_would_sit_through_ends_the_import(rig: Rig) -> None:
    with answer_server([Answer(429, {}, {"Retry-After": "86400"})]) as url, pytest.raises(Unavailable, match="429"):
        rig.run(url)
    assert rig.pause.slept == []


def test_an_api_that_stays_away_ends_the_import_with_what_to_do(rig: Rig) -> None:
    with pytest.raises(Unavailable, match=r"does not answer .* Run the import again: it goes on after the last"):
        rig.run("http://127.0.0.1:9")
    assert 120 < rig.pause.now() < 126


def test_its_patience_begins_anew_with_every_success(rig: Rig) -> None:
    rig.write(3 * BATCH)
    wait = Answer(503, {}, {"Retry-After": "100"})
    with answer_server([wait, TAKEN, wait, TAKEN, wait, TAKEN]) as url:
        assert rig.run(url).accepted == 3 * BATCH


def test_a_refused_key_is_not_tried_again(rig: Rig) -> None:
    refused = Answer(403, {"detail": "This API key lacks the scope ingest:write."}, JSON)
    with answer_server([refused, TAKEN]) as url, pytest.raises(Forbidden, match="lacks the scope"):
        rig.run(url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NOT_FOUND, "/api/v1/customers does not take the records: Not Found"),
        (Answer(202, b"<html>"), "does not take the records: it answers 202"),
        (Answer(301, b"", {"Location": "https://x"}), "does not take the records: it answers 301"),
    ],
)
def test_an_answer_of_something_else_is_told(rig: Rig, answer: Answer, words: str) -> None:
    with answer_server([answer]) as url, pytest.raises(InvalidInput, match=words):
        rig.run(url)


def test_rejected_records_and_bad_lines_are_told_in_the_order_of_the_file(rig: Rig) -> None:
    rig.file.write_text("id,Spent,visits\na,1,2\nb,2,many\nc,-3,4\nd,5,x\ne,6,7\n")
    errors = [{"field": "total_spend", "message": "must be at least 0"}]
    received: list[Any] = []
    with answer_server([Answer(202, {"rejected": [{"index": 1, "errors": errors}]}, JSON)], received=received) as url:
        run = rig.prepare(url, mapping={"Spent": "total_spend"})
        run.send(lambda _: None)
    assert [record["id"] for record in received[0]] == ["a", "c", "e"]
    assert (run.result.done, run.result.accepted, run.result.rejected) == (5, 2, 3)
    assert run.result.errors == (
        "Line 3, column visits: 'many' is not a whole number.",
        "line 4: total_spend (column Spent) must be at least 0 (here -3)",
        "Line 5, column visits: 'x' is not a whole number.",
    )


def test_a_file_of_bad_lines_asks_nothing_of_the_api(rig: Rig) -> None:
    rig.file.write_text("id,visits\na,x\n")
    received: list[Any] = []
    with answer_server([TAKEN], received=received) as url:
        assert rig.run(url).rejected == 1
    assert received == []


@pytest.mark.parametrize("status", [413, 422])
def test_a_body_refused_as_a_whole_is_split_until_the_bad_record_is_found(rig: Rig, status: int) -> None:
    rig.write(4)
    refused, received = Answer(status, {"detail": "Too large."}, JSON), list[Any]()
    with answer_server([refused, TAKEN, refused, refused, TAKEN], received=received) as url:
        result = rig.run(url)
    assert [[record["id"] for record in body] for body in received] == [
        ["c0", "c1", "c2", "c3"],
        ["c0", "c1"],
        ["c2", "c3"],
        ["c2"],
        ["c3"],
    ]
    assert (result.accepted, result.errors) == (3, ("line 4: Too large.",))


def test_it_waits_until_the_oldest_that_waits_is_a_later_record(rig: Rig) -> None:
    rig.write(2 * BATCH)
    gets = [status(None, 0), status("9-0", 5), status("10-3", 2), status("10-4", 2), status("11-0", 0)]
    waiting: list[int] = []
    with answer_server([taken("9-7"), taken("10-4")], gets=gets) as url:
        run = rig.prepare(url, wait=True)
        run.send(lambda _: None)
        run.wait(waiting.append)
    assert waiting == [5, 2, 2]


def test_a_file_without_an_accepted_record_is_not_waited_for(rig: Rig) -> None:
    bad = Answer(422, {"rejected": [{"index": n, "errors": [{"field": "id", "message": "bad"}]} for n in (0, 1)]}, JSON)
    with answer_server([bad], gets=[status("1-0")]) as url:
        assert rig.run(url, wait=True).rejected == 2


def test_waiting_is_as_patient_as_sending(rig: Rig) -> None:
    with answer_server([taken("9-0")], gets=[status(None), BUSY, status("9-0"), BUSY, status(None)]) as url:
        rig.run(url, wait=True)
    assert len(rig.said) == 2


def test_a_standstill_of_two_minutes_is_told(rig: Rig) -> None:
    moving = [status(f"{number}-0", 7) for number in range(1, 5)]
    with (
        answer_server([taken("9-0")], gets=[status(None), *moving]) as url,
        pytest.raises(Unavailable, match=r"7 records wait to be stored, and none was for 120 s; none is lost"),
    ):
        rig.run(url, wait=True)
    assert 120 < rig.pause.now() < 125


def test_an_older_api_takes_an_import_but_cannot_be_waited_for(rig: Rig) -> None:
    received: list[Any] = []
    with answer_server([TAKEN], gets=[NOT_FOUND], received=received) as url:
        assert rig.run(url).accepted == 2
        with pytest.raises(Unavailable, match=r"older version\. Import without --wait"):
            rig.run(url, wait=True)
    assert len(received) == 1


def interrupted(rig: Rig, url: str) -> ImportRun:
    """Ctrl-C after the second batch."""
    run = rig.prepare(url)
    batches = itertools.count(1)

    def tell(_: ImportResult) -> None:
        if next(batches) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.send(tell)
    return run


def sent(received: Sequence[Any]) -> list[str]:
    return [record["id"] for body in received for record in body]


def test_the_same_import_goes_on_after_what_was_accepted(rig: Rig) -> None:
    rig.write(2500)
    received: list[Any] = []
    with answer_server([TAKEN], gets=[status(None)], received=received) as url:
        stopped = interrupted(rig, url).stopped
        assert rig.prepare(url).begun == ImportResult(done=2000, accepted=2000)
        assert rig.run(url) == ImportResult(done=2500, accepted=2500)
        assert sent(received) == [f"c{number}" for number in range(2500)]
        assert rig.prepare(url).begun == ImportResult()  # it was done
    assert stopped == (
        "Stopped after 2,000 of 2,500 records: 2,000 accepted, 0 rejected. The same command goes on there."
    )


def test_ids_that_depend_on_earlier_lines_are_the_same_after_an_interruption(rig: Rig) -> None:
    rig.file.write_text("customer_id,amount\n" + "c1,5\n" * 2500)
    received: list[Any] = []
    with answer_server([TAKEN], received=received) as url:
        interrupted(rig, url)
        rig.run(url)
        in_parts = sent(received)
        received.clear()
        rig.run(url)
        assert in_parts == sent(received)
    assert len(set(in_parts)) == 2500


def test_restart_begins_anew_and_is_not_forgotten_when_it_is_stopped_at_once(rig: Rig) -> None:
    rig.write(2500)
    with answer_server([TAKEN], gets=[status(None)]) as url:
        interrupted(rig, url)
        assert rig.prepare(url, restart=True).begun == ImportResult()
        assert rig.prepare(url).begun == ImportResult()


def test_an_import_into_a_wiped_database_begins_anew(rig: Rig) -> None:
    rig.write(2500)
    gets = [status(None, workspace="w1"), status(None, workspace="w2"), status(None, workspace="w1")]
    with answer_server([TAKEN], gets=gets) as url:
        interrupted(rig, url)
        assert rig.prepare(url).begun == ImportResult()
        assert rig.prepare(url).begun.done == 2000


def test_a_file_that_was_changed_is_imported_from_its_beginning(rig: Rig) -> None:
    rig.write(2500)
    with answer_server([TAKEN]) as url:
        interrupted(rig, url)
        time = rig.file.stat().st_mtime_ns + 1_000_000
        os.utime(rig.file, ns=(time, time))
        assert rig.prepare(url).begun == ImportResult()


def test_an_import_that_was_stopped_while_it_waited_goes_on_waiting(rig: Rig) -> None:
    received: list[Any] = []
    gets = [status(None), status(None), status("9-0"), status("10-0")]
    with answer_server([taken("9-0")], gets=gets, received=received) as url:
        run = rig.prepare(url, wait=True)
        run.send(lambda _: None)
        assert "Stopped while records waited to be stored: none is lost." in run.stopped
        assert rig.run(url, wait=True).position == "9-0"
    assert len(received) == 1


def read_until(stream: IO[str] | None, words: str) -> str:
    """What the command says up to these words."""
    assert stream is not None
    text = ""
    while words not in text:
        character = stream.read(1)
        assert character, text
        text += character
    return text


def test_ctrl_c_is_answered_in_words_and_the_same_command_goes_on(rig: Rig) -> None:
    rig.write(1500)
    received: list[Any] = []
    away = Answer(503, {}, {"Retry-After": "60"})
    with answer_server([TAKEN, away, TAKEN], gets=[status(None)], received=received) as url:
        arguments = ("import", str(rig.file), "--url", url, "--key", "cn_any")
        with start_command(rig.folder, *arguments) as process:
            read_until(process.stderr, "trying again for")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "Stopped after 1,000 of 1,500 records: 1,000 accepted, 0 rejected." in " ".join(said.split())
        again = run_command(rig.folder, *arguments)
    assert again.returncode == 0, again.stderr
    assert "Going on after 1,000 records accepted before; --restart begins anew." in again.stderr
    assert "1,500 records accepted, 1,000 of them before" in " ".join(again.stderr.split())
    assert [len(body) for body in received] == [1000, 500, 500]
    assert list((rig.folder / "imports").iterdir()) == []
