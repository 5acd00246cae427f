"""One form for the lines of all loggers, and no text of an exception in any of them."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tests.running_app import ROOT

PROGRAM = """
import logging, sys
library = logging.getLogger("library.server")
library.addHandler(logging.StreamHandler())
library.propagate = False
from crm_core.infra.logs import REQUEST, configure_logs
configure_logs("INFO", "tests", sys.argv[1])
import structlog
REQUEST.set("request-7")
log = structlog.stdlib.get_logger("ours")
log.info("stored", records=3)
log.debug("not asked for")
for logger in (log, library):
    try:
        {}["Secret Name"]
    except KeyError:
        logger.exception("failed")
"""


def lines(log_format: str) -> list[str]:
    """What a process of its own writes: logging is one for a whole process."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, log_format], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_lines_are_objects_with_the_same_members_whoever_writes_them() -> None:
    stored, *failed = map(json.loads, lines("json"))
    assert (stored["event"], stored["records"], stored["level"]) == ("stored", 3, "info")
    assert len(failed) == 2
    for line in (stored, *failed):
        assert (line["process"], line["request"]) == ("tests", "request-7")
        assert line["at"].endswith("Z")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_an_exception_is_its_class_and_its_place_and_not_its_text(log_format: str) -> None:
    written = lines(log_format)
    assert len(written) == 3
    assert not [line for line in written if "Secret" in line or "Traceback" in line]
    assert all("KeyError" in line and re.search(r"<string>:\d+", line) for line in written[1:])


def test_text_lines_begin_with_the_moment_and_name_each_fact() -> None:
    stored: Any = lines("text")[0]
    assert stored.startswith("at=")
    assert {"level=info", "event=stored", "records=3", "process=tests"} < set(stored.split())
