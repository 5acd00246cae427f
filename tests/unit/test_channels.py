"""Channels: each declared once, and what is true of each."""

from dataclasses import replace

import numpy as np
import pytest

from crm_core.audience.reach import ReachLayout
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS, DEFAULT_CHANNEL, Channels
from crm_core.channels.sms import count_segments
from crm_core.errors import InvalidInput


def made_up(number: int, address: str | None = None) -> Channel:
    return Channel(f"made_up_{number}", f"Made up {number}", "cell_tower", address, "nothing")


def all_bits(layout: ReachLayout) -> list[int]:
    tables = (layout.denied, layout.granted, layout.suppressed, layout.addresses)
    return [bit for table in tables for bit in table.values()]


def test_a_channel_that_is_not_listed_is_refused_by_name() -> None:
    assert CHANNELS.named(DEFAULT_CHANNEL) is CHANNELS["in_app"]
    with pytest.raises(InvalidInput, match=r"no channel 'fax'; allowed are in_app, email, sms, whatsapp, push\."):
        CHANNELS.named("fax")
    assert (CHANNELS.label("email"), CHANNELS.label("fax")) == ("E-mail", "fax")


def test_two_channels_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        Channels(made_up(1), made_up(1))


@pytest.mark.parametrize("name", ["", "In-app", "a.b", "$a", "a b"])
def test_a_name_that_is_no_path_in_the_database_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a channel"):
        replace(made_up(1), name=name)


@pytest.mark.parametrize("address", ["name", "attributes", "attributes.a.b", "consent.sms"])
def test_an_address_is_a_contact_field_or_a_custom_attribute(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        made_up(1, address)


@pytest.mark.parametrize(("more", "width"), [(0, 32), (4, 32), (5, 64), (15, 64)])
def test_each_fact_has_a_bit_of_its_own_in_a_number_that_is_wide_enough(more: int, width: int) -> None:
    layout = ReachLayout(CHANNELS.extended(*(made_up(number) for number in range(more))))
    bits = all_bits(layout)
    assert len(bits) == 3 * (5 + more) + 3
    assert all(bit.bit_count() == 1 for bit in bits)
    assert sum(bits) == np.bitwise_or.reduce(np.array(bits, dtype=np.uint64))
    assert layout.dtype.itemsize * 8 == width
    assert max(bits) <= np.iinfo(layout.dtype).max


def test_more_channels_than_a_number_has_bits_for_are_refused() -> None:
    with pytest.raises(ValueError, match="too many channels"):
        ReachLayout(CHANNELS.extended(*(made_up(number) for number in range(16))))


@pytest.mark.parametrize(
    ("text", "segments", "is_unicode"),
    [
        ("a" * 160, 1, False),
        ("a" * 161, 2, False),
        ("a" * 306, 2, False),
        ("a" * 307, 3, False),
        ("€" * 80, 1, False),
        ("€" * 81, 2, False),
        ("a" * 152 + "€" * 77, 3, False),  # an escaped character is not split: the first segment holds 152
        ("ł" * 70, 1, True),
        ("ł" * 71, 2, True),
        ("😀" * 35, 1, True),
        ("😀" * 36, 2, True),
        ("😀" * 67, 3, True),  # 33 in a segment of 67 units
        ("", 1, False),
    ],
)
def test_an_sms_is_counted_in_segments_of_its_alphabet(text: str, segments: int, is_unicode: bool) -> None:
    assert count_segments(text) == (segments, is_unicode)


def test_an_sms_says_how_many_segments_it_takes_and_why() -> None:
    assert CHANNELS["sms"].preview("Hi", None).notes == ("2 characters, sent as 1 SMS segment.",)
    (note,) = CHANNELS["sms"].preview("ł" * 71, None).notes
    assert note.startswith("71 characters, sent as 2 SMS segments. Characters outside the GSM alphabet")


def test_a_notification_is_shown_as_a_lock_screen_cuts_it() -> None:
    shown = CHANNELS["push"].preview("b" * 179, "t" * 66)
    assert (shown.body, shown.title) == ("b" * 177 + "…", "t" * 64 + "…")
    assert len(shown.notes) == 2
    whole = CHANNELS["push"].preview("b" * 178, "t" * 65)
    assert (len(whole.body), whole.title, whole.notes) == (178, "t" * 65, ())


def test_long_subjects_and_chats_are_noted() -> None:
    assert CHANNELS["email"].preview("Hi", "s" * 70).notes == ()
    assert "71 characters" in CHANNELS["email"].preview("Hi", "s" * 71).notes[0]
    assert CHANNELS["whatsapp"].preview("b" * 4096, None).notes == ()
    assert "at most 4,096" in CHANNELS["whatsapp"].preview("b" * 4097, None).notes[0]


def test_an_address_is_trimmed_and_a_blank_one_is_none() -> None:
    push = CHANNELS["push"]
    assert push.address_of({"attributes": {"push_token": " t0 "}}) == "t0"
    assert push.address_of({"attributes": {"push_token": " "}}) is None
    assert CHANNELS["in_app"].address_of({"id": "c1"}) is None
    assert CHANNELS["in_app"].reaches({})
