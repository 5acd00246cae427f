"""First names: found in the full names that shops hold, and not found where there is none for certain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.customers import first_names
from crm_core.customers.first_names import find_first_name

PLAIN = (
    "Anna",
    "Lee",
    "Sofia",
    "Meier",
    "Müller",
    "Asha",
    "Rao",
    "García",
    "Juan",
    "Kowalski",
    "Zoë",
    "Chen",
    "Nguyen",
)
TITLES = ("", "Dr. ", "Prof. Dr. ", "Frau ", "Herr ", "Mme ", "Sra. ", "Mr ")


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Asha Rao", "Asha"),
        ("Anna", "Anna"),
        ("  Anna \t Lee ", "Anna"),
        ("Lee, Anna", "Anna"),
        ("Lee, Anna Maria", "Anna"),
        ("Lee, Dr. Anna", "Anna"),
        ("Lee, Anna, MD", "Anna"),
        ("van Gogh, Vincent", "Vincent"),
        ("O'Brien, Conor", "Conor"),
        ("Dr. Sofia Meier", "Sofia"),
        ("Prof. Dr. Hans Müller", "Hans"),
        ("Frau Sofia Meier", "Sofia"),
        ("Herr Dr. Max Mustermann", "Max"),
        ("Dipl.-Ing. Karl Huber", "Karl"),
        ("Mme Claire Dubois", "Claire"),
        ("M. Jean Dupont", "Jean"),
        ("Sra. María López", "María"),
        ("Doña Ana Ruiz", "Ana"),
        ("Sig.ra Lucia Bianchi", "Lucia"),
        ("Mevr. Anna de Vries", "Anna"),
        ("Hr. Lars Hansen", "Lars"),
        ("Smt. Asha Rao", "Asha"),
        ("Shri Ravi Kumar", "Ravi"),
        ("Sir Elton John", "Elton"),
        ("Mr. and Mrs. John Smith", "John"),
        ("John Smith Jr.", "John"),
        ("Smith, John, Jr.", "John"),
        ("John Smith, PhD", "John"),
        ("Anna Lee III", "Anna"),
        ("Ludwig van Beethoven", "Ludwig"),
        ("Maria de la Cruz", "Maria"),
        ("Mohammed bin Salman", "Mohammed"),
        ("Robert “Bob” Smith", "Robert"),
        ("J. Edgar Hoover", "Edgar"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("D'Arcy", "D'Arcy"),
        ("Van Nguyen", "Van"),
        ("ANNA LEE", "ANNA"),
        ("Anna2", "Anna2"),
        ("Lee3, Dr. Anna2", "Anna2"),
        ("anna lee", "anna"),
        ("आशा राव", "आशा"),
        ("Анна Иванова", "Анна"),
    ],
)
def test_the_first_name_is_found_as_it_is_written(name: str, first: str) -> None:
    assert find_first_name(name) == first


@pytest.mark.parametrize(
    "name",
    [
        *("Dr. Meier", "Mr. Smith", "Mrs Jones", "Herr Müller", "J. Smith", "J. R. R. Tolkien", "A.", "Lee,", "李小龙"),
        *("anna.lee@example.com", "Anna <anna@example.com>", "anna.lee", "12345", "+49 170 1234567", "N/A", "-", ""),
        *(" ", ",", ", ,", "???", "🙂", "Dr."),
    ],
)
def test_where_there_is_none_for_certain_there_is_none(name: str) -> None:
    assert find_first_name(name) is None


@given(st.lists(st.sampled_from(PLAIN), min_size=2, max_size=3), st.integers(0, 1), st.sampled_from(TITLES))
def test_the_short_way_finds_what_the_library_finds(words: list[str], comma: int, title: str) -> None:
    name = " ".join(words[:comma]) + ", " * comma + title + " ".join(words[comma:])
    plain = first_names._find_plain(name)
    assert plain is not None
    assert plain == first_names._find_parsed(name)


@given(st.text(max_size=60))
def test_any_text_may_stand_for_a_name(name: str) -> None:
    first = find_first_name(name)
    assert first is None or (first in name and " " not in first)
