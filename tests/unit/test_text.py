"""One folding for all engines: which texts are the same to a comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.infra.text import fold


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


@pytest.mark.parametrize(("one", "other"), [("resume", "résumé"), ("a b", "ab"), ("I", "ı")])
def test_texts_that_differ_in_more_than_case_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)
