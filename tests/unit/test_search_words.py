"""The words by which a customer is found, and what was typed as such words."""

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crm_core.customers.model import stored_customer
from crm_core.customers.search_words import MAX_WORD, MAX_WORDS, customer_words, typed_terms

PHONES = st.from_regex(r"\A\+?[0-9][0-9 ()./-]{2,30}\Z")


def words_of(**profile: Any) -> list[str]:
    """Without those of the id."""
    return [word for word in customer_words(stored_customer({"_id": "me", **profile})) if word != "me"]


def is_found(text: str, **profile: Any) -> bool:
    """What the database does with the terms."""
    words = customer_words(stored_customer({"_id": "me", **profile}))
    return all(
        any(all(any(word.startswith(typed) for word in words) for typed in each) for each in term)
        for term in typed_terms(text)
    )


def test_a_customer_is_found_by_id_address_phone_and_name() -> None:
    assert customer_words(
        {"_id": "C-0042", "name": "Asha Mehta", "email": "Asha@Example.com", "phone": "+91 98-765"}
    ) == ["0042", "9198765", "98765", "asha", "asha@example.com", "c", "c-0042", "mehta"]


def test_one_known_by_orders_alone_is_found_by_the_id() -> None:
    assert customer_words({"_id": "C7"}) == ["c7"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("José Núñez", "jose nunez"),
        ("Jose Nunez", "JOSÉ Núñez"),
        ("Straße", "STRASSE"),
        ("İpek", "ipek"),
        ("Anne-Marie O'Brien", "anne-m o'b"),
        ("Anne-Marie O'Brien", "brien marie"),
        ("Ｗｉｄｅ Name", "wide"),
        ("Asha Mehta", " meh  ash "),
        ("Asha\u00a0Mehta", "mehta"),
        ("Asha", "as\x00\ud800"),
    ],
)
def test_a_name_is_found_by_prefixes_of_its_words_in_any_case_without_accents(name: str, typed: str) -> None:
    assert is_found(typed, name=name)


@pytest.mark.parametrize("typed", ["eha", "asha b", "mehta@", "ashaa", "a.ha", ".*", "^asha"])
def test_the_middle_of_a_word_or_another_word_finds_nobody(typed: str) -> None:
    assert not is_found(typed, name="Asha Mehta")


@pytest.mark.parametrize(
    ("phone", "typed"),
    [
        ("+49 30 123456", "+49 30 123456"),
        ("+49 30 123456", "+4930123"),
        ("+49 30 123456", "0049 (0)30 12"),
        ("+49 30 123456", "030 123456"),
        ("+49 30 123456", "030/12-34"),
        ("+49 30 123456", "(030) 123"),
        ("+49 (0)30 123456", "4930123456"),
        ("030 123456", "030 123"),
        ("0049 30 123456", "+49 30"),
        ("+1 202-555-0143", "202 555"),
        ("+420 601 123 456", "601123"),
        ("+39 06 698", "06 698"),
    ],
)
def test_a_phone_number_is_found_however_it_is_written(phone: str, typed: str) -> None:
    assert is_found(typed, phone=phone)


def test_a_number_dialled_from_abroad_is_not_one_of_another_country() -> None:
    assert not is_found("+49 30 12", phone="+1 301 234 567")


@given(PHONES, st.integers(3, 20))
def test_every_phone_number_is_found_by_itself_and_by_its_first_digits(phone: str, length: int) -> None:
    digits = re.sub(r"\D", "", phone)
    assume(len(digits) >= 3 and "(0)" not in phone)
    assert is_found(phone, phone=phone)
    if not digits.startswith("0"):
        assert is_found(digits[:length], phone=phone)


def test_numbers_are_also_words_of_their_own() -> None:
    assert is_found("asha 12 34", name="Asha 12 34")
    assert is_found("000123", _id="000123")
    assert is_found("12-34", _id="12-34")


def test_short_numbers_are_not_taken_for_phone_numbers() -> None:
    assert typed_terms("0012") == [[["0012"]]]
    assert typed_terms("00421") == [[["00421"], ["421"]]]


def test_words_without_a_number_stand_for_themselves() -> None:
    assert typed_terms("Asha +49 30 123") == [[["asha"]], [["+49", "30", "123"], ["4930123"]]]
    assert typed_terms(" \t ") == typed_terms("\x00\ud800") == typed_terms("") == []


@given(st.text(max_size=400), st.text(max_size=80))
def test_words_are_distinct_sorted_and_bounded_and_the_id_is_always_among_them(name: str, customer_id: str) -> None:
    words = customer_words({"_id": f"c{customer_id}", "name": name})
    assert words == sorted(set(words))
    assert len(words) <= MAX_WORDS
    assert all(0 < len(word) <= MAX_WORD for word in words)
    assert is_found(f"c{customer_id}", _id=f"c{customer_id}", name=name)


def test_of_a_long_name_the_last_words_are_left_out() -> None:
    name = " ".join(f"word{number:02}" for number in range(40))
    assert words_of(name=name, email="z@example.com")[0] == "word00"
    assert "z@example.com" in words_of(name=name, email="z@example.com")
    assert "word39" not in words_of(name=name)


@given(st.text(min_size=1, max_size=200))
def test_every_name_is_found_by_itself_as_far_as_it_is_kept(name: str) -> None:
    if len(customer_words({"_id": "me", "name": name})) < MAX_WORDS:
        assert is_found(name, name=name)
