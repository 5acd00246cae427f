"""The short way to a phone number's key leads where libphonenumber does, or nowhere."""

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm_core.channels.address_keys import parsed_phone_key, plain_phone_key

CODES = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
COUNTRIES = st.sampled_from([None, "AR", "BR", "CA", "DE", "GB", "IT", "KZ", "MX", "US"])


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Behind a calling code, or what is none: valid, too short and too long ones, with prefixes of home, extensions,
    full-width digits, and what people write between digits."""
    code = draw(st.sampled_from([*CODES, "0", "01", "99", "210"]))
    prefix = draw(st.sampled_from(["", "", "0", "00", "1", "8", "9", "15", "(0)"]))
    digits = prefix + draw(_example_of(code) | st.text("0123456789", max_size=18))
    between = draw(st.lists(st.sampled_from(["", "", "", " ", "-", ".", "/", "(", ")"]), min_size=len(digits)))
    written = "".join(digit + sign for digit, sign in zip(digits, between, strict=False))
    start, end = draw(st.sampled_from(["+", "+", "+", "", "00", "＋", "(+"])), draw(ENDS)
    text = f"{start}{code}{written}{end}"
    return text.translate(FULL_WIDTH) if draw(st.integers(0, 19)) == 0 else text


ENDS = st.sampled_from(["", "", "", "", " ext. 12", "x3", "#5", ";ext=7", "/x2"])
FULL_WIDTH = {ord("0") + digit: chr(ord("０") + digit) for digit in range(10)}


def _example_of(code: str) -> st.SearchStrategy[str]:
    """A valid number of that place, whole or a digit short."""
    number = phonenumbers.example_number(phonenumbers.region_code_for_country_code(int(code)))
    national = phonenumbers.national_significant_number(number) if number else "123456"
    return st.sampled_from([national, national[:-1]])


@given(numbers(), COUNTRIES)
@example("+39 06 1234567", None)
@example("+54 15 11 2345 6789", "AR")
@example("+1 1 415 555 0154", "US")
@example("+91 00 520 9168", "DE")
@example("+44 0000000000", None)
@example("+33 00 542 3927", None)
@example("+44 00 568 1300", "US")
def test_the_short_way_leads_to_the_same_key(phone: str, country: str | None) -> None:
    plain = plain_phone_key(phone)
    assert plain is None or plain == parsed_phone_key(phone, country)


@pytest.mark.parametrize("phone", ["+1 (415) 555-0154", "+49 30 123456", "+91 98765 43210", "+39 06 1234567"])
def test_common_numbers_take_the_short_way(phone: str) -> None:
    assert plain_phone_key(phone) == parsed_phone_key(phone, None)


@pytest.mark.parametrize("phone", ["030 123456", "+49 30 123456 ext. 2", "+999 123456", "+49 1", "+４９ 30 123456"])
def test_other_numbers_do_not(phone: str) -> None:
    assert plain_phone_key(phone) is None
