"""Numbers, money, shares and times read the same everywhere, and never better than they are."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._ui import formats

NOON = datetime(2026, 11, 22, 12, 4, 31, tzinfo=UTC)


def test_numbers_have_thousands_separators() -> None:
    assert formats.number(48210) == "48,210"
    assert formats.number(-1_000_000) == "-1,000,000"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "text"),
    [
        (1_825_000, "INR", "₹18,250.00"),
        (5, "EUR", "€0.05"),
        (500, "JPY", "¥500"),
        (1_234, "KWD", "KWD1.234"),
        (-500, "USD", "-$5.00"),
        (0, "GBP", "£0.00"),
    ],
)
def test_money_has_the_digits_of_its_currency(amount_minor: int, currency: str, text: str) -> None:
    assert formats.money(amount_minor, currency).replace("\N{NO-BREAK SPACE}", "") == text


def test_money_in_minor_units_is_exact_where_a_float_would_not_be() -> None:
    assert formats.money(900_719_925_474_099_3, "USD") == "$90,071,992,547,409.93"


def test_money_in_major_units_reads_as_the_same_amount() -> None:
    assert formats.money_major(Decimal("29.33"), "USD") == formats.money(2933, "USD") == "$29.33"


def test_short_money_is_exact_until_it_would_not_fit_a_card() -> None:
    assert formats.money_short(999_999, "INR") == "₹9,999.99"
    assert formats.money_short(1_000_000, "INR") == "₹10K"
    assert formats.money_short(-999_999, "INR") == "-₹9,999.99"
    assert formats.money_short(1_820_000_000, "INR") == "₹18.2M"
    assert formats.money_short(-1_820_000_000, "INR") == "-₹18.2M"


def test_a_currency_has_a_symbol_for_axes() -> None:
    assert formats.currency_symbol("INR") == "₹"
    assert formats.currency_symbol("XYZ") == "XYZ"


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (48, 1000, "4.8 %"),
        (1, 2, "50.0 %"),
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (999_999, 1_000_000, ">99.9 %"),
        (9997, 10_000, ">99.9 %"),
        (9995, 10_000, ">99.9 %"),
        (9994, 10_000, "99.9 %"),
        (10_004, 10_000, "100.0 %"),
        (1, 1_000_000, "<0.1 %"),
        (4, 10_000, "<0.1 %"),
        (5, 10_000, "0.1 %"),
        (0, 0, "–"),
        (3, 2, "150.0 %"),
    ],
)
def test_a_share_reads_with_one_decimal(part: int, whole: int, text: str) -> None:
    assert formats.percent(part, whole) == text


@given(whole=st.integers(1, 10**12), part=st.integers(0, 10**12))
def test_a_share_never_claims_all_or_nothing_unless_it_is(whole: int, part: int) -> None:
    text = formats.percent(part, whole)
    assert (text == "100 %") == (part == whole)
    assert (text == "0 %") == (part == 0)
    assert text not in {"0.0 %", "-0.0 %"}
    assert (text == "100.0 %") <= (part > whole)


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(1124, 1000, "+12.4 %"), (969, 1000, "-3.1 %"), (5, 0, None), (7, 7, 0), (999_999, 1_000_000, "-<0.1 %")],
)
def test_a_change_carries_the_sign_that_streamlit_draws_an_arrow_by(
    now: int, before: int, text: str | int | None
) -> None:
    assert formats.change(now, before) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "just now"),
        (1, "just now"),
        (-2, "2 seconds ago"),
        (2, "in 2 seconds"),
        (-9, "9 seconds ago"),
        (-180, "3 minutes ago"),
        (-7200, "2 hours ago"),
        (-86_400, "1 day ago"),
        (7200, "in 2 hours"),
    ],
)
def test_times_read_relative_to_now(seconds: int, text: str) -> None:
    told = formats.relative_time(NOON + timedelta(seconds=seconds), NOON)
    assert told.replace(formats.JOINT, " ") == text
    assert formats.JOINT in told


def test_the_exact_time_is_in_utc_whatever_the_zone_it_came_in() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    assert formats.utc_exact(NOON.astimezone(kolkata)) == "2026-11-22 12:04:31 UTC"


def test_a_time_without_a_zone_is_refused_rather_than_guessed() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        formats.utc_exact(NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(), "0 ms"),
        (timedelta(milliseconds=31), "31 ms"),
        (timedelta(milliseconds=999), "999 ms"),
        (timedelta(seconds=1), "1 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=3599), "59 min 59 s"),
        (timedelta(days=1), "1 d"),
        (timedelta(seconds=9.6), "9 s"),
        (timedelta(minutes=3, seconds=20), "3 min 20 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=2, seconds=5), "2 h"),
        (timedelta(days=4, hours=1, minutes=30), "4 d 1 h"),
        (timedelta(seconds=-3), "0 ms"),
    ],
)
def test_a_duration_reads_in_its_two_largest_units(length: timedelta, text: str) -> None:
    assert formats.duration(length) == text


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1249, "1.2 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (999_960, "1.0 MB"),
        (20_000_000, "20.0 MB"),
        (1_234_567_890, "1,234.6 MB"),
    ],
)
def test_a_file_s_size_reads_in_the_unit_that_it_rounds_into(length: int, text: str) -> None:
    assert formats.file_size(length) == text


def test_text_from_people_is_not_markup() -> None:
    assert formats.literal("plain words") == "plain words"
    assert formats.literal("*a* :red[b]") == r"\*a\* \:red\[b\]"
    assert formats.literal("two\n# lines") == r"two \# lines"
    assert formats.literal("$5 and $6") == r"\$5 and \$6"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("http://a.b", r"http:color[\:]//a\.b"),
        ("WWW.a.b", r"WWW:color[\.]a\.b"),
        ("me@a.b", r"me:color[@]a\.b"),
        (":material/bolt:", r":color[\:]material/bolt\:"),
        (":+1: 10:30", r":color[\:]\+1\: 10\:30"),
        ("a -> b", r"a :color[\-]\> b"),
        ("<->", r":color[\<]:color[\-]\>"),
        ("@home, a-b", r"@home, a\-b"),
    ],
)
def test_what_streamlit_would_replace_is_taken_apart(text: str, markdown: str) -> None:
    assert formats.literal(text) == markdown


@pytest.mark.parametrize("text", ["plain", "$5 *off*", "see http://a.b, me@a.b", ":material/bolt: -> [x] \\ :color[x]"])
def test_markdown_of_text_from_people_is_spoken_as_typed(text: str) -> None:
    assert formats.spoken(f"**{formats.literal(text)}** now") == f"{text} now"


def test_a_figure_shows_html_as_typed() -> None:
    assert formats.figure_text("<a href='x'>R&D</a>\n<b>") == "&lt;a href='x'&gt;R&amp;D&lt;/a&gt; &lt;b&gt;"
