"""One folding for all engines: which texts are the same to a comparison."""

from datetime import UTC, datetime
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.infra.text import fold, parse_iso


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("ß", "SS"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("ſhop", "shop"),
        ("İstanbul", "i̇stanbul"),
        ("Café", "Cafe\u0301"),
        ("ﬁnance", "FINANCE"),
        ("１２３", "123"),
    ],
)
def test_texts_that_read_the_same_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_ascii_texts_are_folded_as_unicode_says() -> None:
    ascii_text = "".join(map(chr, range(128)))
    assert fold(ascii_text) == normalize("NFKC", ascii_text.casefold())


@pytest.mark.parametrize(("one", "other"), [("resume", "résumé"), ("a b", "ab"), ("I", "ı")])
def test_texts_that_differ_in_more_than_case_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T10:30", datetime(2026, 1, 2, 10, 30, tzinfo=UTC)),
        ("2026-01-02 10:30:00+05:30", datetime(2026, 1, 2, 5, tzinfo=UTC)),
        ("2026-01-02T10:30:00Z", datetime(2026, 1, 2, 10, 30, tzinfo=UTC)),
        ("1900-01-01", datetime(1900, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_iso_date_is_a_moment_in_utc(text: str, moment: datetime) -> None:
    assert parse_iso(text) == moment


@pytest.mark.parametrize(
    "text", ["", "M", "20260102", "2026-W01-1", "2026-02-30", "1899-12-31", "9999-12-31T23:59:59-12:00", "0001-01-01"]
)
def test_what_is_no_iso_date_of_our_time_is_none(text: str) -> None:
    assert parse_iso(text) is None
