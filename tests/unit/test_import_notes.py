"""Notes of how far an import came: found again by the same import only."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import InvalidInput
from crm_core.imports.recognising.notes import ImportIdentity, ImportNote
from crm_core.imports.running.connection import ApiConnection, parse_retry_after
from crm_core.imports.running.ingestion_status import StreamStatus
from crm_core.imports.running.result import MAX_NAMED, ImportResult

IDENTITY = ImportIdentity("/a.csv", 10, 1, "http://x/api/v1", "orders", "csv", {"a": "id", "b": ""}, "w1")
RESULT = ImportResult(done=2000, accepted=1999, rejected=1, errors=("line 3: bad",), position="5-1")


def test_a_note_is_found_again_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "imports"
    ImportNote(folder, IDENTITY).save(RESULT)
    assert ImportNote(folder, IDENTITY).load() == RESULT
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "change",
    [
        {"path": "/b.csv"},
        {"size": 11},
        {"mtime_ns": 2},
        {"url": "http://y/api/v1"},
        {"kind": "events"},
        {"format_name": "ndjson"},
        {"mapping": {"a": "id"}},
        {"workspace": "w2"},
        {"workspace": None},
    ],
)
def test_another_import_begins_at_the_beginning(tmp_path: Path, change: dict[str, Any]) -> None:
    ImportNote(tmp_path, IDENTITY).save(RESULT)
    assert ImportNote(tmp_path, replace(IDENTITY, **change)).load() == ImportResult()


def test_the_order_of_the_mappings_does_not_matter() -> None:
    assert replace(IDENTITY, mapping={"b": "", "a": "id"}).digest == IDENTITY.digest


@pytest.mark.parametrize("text", ["", "{", "[]", '{"done": "x"}'])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / f"{IDENTITY.digest}.json").write_text(text)
    assert ImportNote(tmp_path, IDENTITY).load() == ImportResult()


def test_a_removed_note_is_none_and_can_be_removed_again(tmp_path: Path) -> None:
    note = ImportNote(tmp_path, IDENTITY)
    note.save(RESULT)
    note.remove()
    note.remove()
    assert note.load() == ImportResult()


def test_a_folder_that_cannot_be_written_only_costs_the_note(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    note = ImportNote(tmp_path / "file" / "imports", IDENTITY)
    note.save(RESULT)
    assert not note.is_kept
    assert note.load() == ImportResult()


def test_a_result_grows_by_batches_and_keeps_the_first_errors_and_the_last_position() -> None:
    grown = RESULT.plus(5, ["line 9: worse"] * 20, None)
    assert (grown.done, grown.accepted, grown.rejected, grown.position) == (2025, 2004, 21, "5-1")
    assert len(grown.errors) == MAX_NAMED
    assert grown.errors[:2] == ("line 3: bad", "line 9: worse")


@pytest.mark.parametrize(
    ("oldest", "position", "is_stored"),
    [
        (None, "5-1", True),
        (None, None, True),
        ("5-1", "5-1", False),
        ("5-2", "5-1", True),
        ("10-0", "9-5", True),
        ("9-5", "10-0", False),
        ("5-10", "5-9", True),
        ("5-1", None, False),
    ],
)
def test_a_record_is_stored_when_the_oldest_that_waits_is_a_later_one(
    oldest: str | None, position: str | None, is_stored: bool
) -> None:
    assert StreamStatus(waiting=0, oldest=oldest).has_stored(position) is is_stored


NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0.5", 0.5),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds


@pytest.mark.parametrize("key", ["", "cn key", "schlüssel", "cn_\n"])
def test_a_key_that_cannot_be_one_is_refused_at_once(key: str) -> None:
    with pytest.raises(InvalidInput, match="no API key"):
        ApiConnection("http://localhost", key, say=print)
