"""A log line says what happened to which ids; the text of an exception, which may quote a record, is not in it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from crm_core.infra.logs import REQUEST, LogFormat, configure_logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    configure_logs("WARNING", "tests")


def logged(log_format: LogFormat) -> list[str]:
    """What three lines look like: an event, a fault, and one of a library."""
    output = io.StringIO()
    with redirect_stderr(output):
        configure_logs("INFO", "ingest", log_format)
    log = structlog.stdlib.get_logger("crm_core.test")
    log.info("stored", records=3, first="1-0")
    try:
        raise KeyError("Asha Rao")
    except KeyError as exc:
        log.error("failed", entry="2-0", exc_info=exc)
    logging.getLogger("library").warning("closed %s", "port")
    log.debug("not asked for")
    return output.getvalue().splitlines()


def test_a_json_line_has_time_level_process_event_and_the_ids() -> None:
    stored, failed, foreign = map(json.loads, logged("json"))
    assert (stored["level"], stored["process"], stored["event"]) == ("info", "ingest", "stored")
    assert (stored["records"], stored["first"]) == (3, "1-0")
    assert stored["at"].endswith("Z")
    assert (failed["fault"], failed["entry"]) == ("KeyError", "2-0")
    assert failed["where"].startswith("test_logs.py:")
    assert (foreign["event"], foreign["process"], foreign["logger"]) == ("closed port", "ingest", "library")


def test_a_text_line_has_the_same_as_key_and_value() -> None:
    stored, failed, foreign = logged("text")
    assert "level=info process=ingest event=stored records=3 first=1-0" in stored
    assert "fault=KeyError" in failed
    assert 'event="closed port"' in foreign


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_line_quotes_what_an_exception_says(log_format: LogFormat) -> None:
    assert "Asha" not in "".join(logged(log_format))


def test_lines_of_a_request_carry_its_id() -> None:
    token = REQUEST.set("r-7")
    try:
        assert json.loads(logged("json")[0])["request"] == "r-7"
    finally:
        REQUEST.reset(token)
