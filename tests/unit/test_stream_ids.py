"""A stream id as one number: it sorts like the id, and tells when the entry was accepted."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm_core.infra.streams import Entry, Stream, split_id, version_of, version_time

IDS = st.builds("{}-{}".format, st.integers(0, 2**43 - 1), st.integers(0, 2**20 - 1))


def test_a_later_millisecond_sorts_after_any_sequence_of_an_earlier_one() -> None:
    assert version_of("1-5000") < version_of("2-0")
    assert version_of(f"1-{2**20 - 1}") < version_of("2-0")
    assert version_of("1-5000") < version_of("1-5001")


@given(first=IDS, second=IDS)
def test_versions_sort_like_the_stream_sorts_its_ids(first: str, second: str) -> None:
    assert (version_of(first) < version_of(second)) == (split_id(first) < split_id(second))


def test_an_entry_says_to_the_millisecond_when_it_was_accepted() -> None:
    at = datetime(2026, 6, 15, 12, tzinfo=UTC) + timedelta(milliseconds=7)
    entry = Entry(Stream.ORDERS, f"{int(at.timestamp() * 1000)}-5000", b"")
    assert entry.at == version_time(entry.version) == at
    assert entry.at.tzinfo is UTC
    assert entry.version == version_of(entry.id)


def test_a_stream_has_a_label_for_people() -> None:
    assert [stream.label for stream in (Stream.CUSTOMERS, Stream.DEAD)] == ["customers", "dead"]
