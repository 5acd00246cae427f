"""Unsubscribe links: read by who made them alone, the same each time, and short."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.campaigns.drafting.content import Rendered, check_content, render_content
from crm_core.campaigns.drafting.message_fields import UNSUBSCRIBE_LINK, message_fields
from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.drafting.template import check_template, used_fields
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.unsubscribing.links import Link, UnsubscribeLinks, read_token, write_token
from crm_core.campaigns.unsubscribing.masking import mask_address
from crm_core.channels.registry import CHANNELS
from crm_core.errors import InvalidInput

CAMPAIGN, KEY = "6745a1b2c3d4e5f6a7b8c9d0", b"k" * 32
LINKS = UnsubscribeLinks("https://crm.example.com/", KEY, is_sample=False)
FORMAT = MessageFormat(workspace_name="Nest", postal_address="1 High Street, London", links=LINKS)


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


def rendered(channel: str, message: str, formatting: MessageFormat = FORMAT, /, **more: Any) -> Rendered:
    fields = {"channel": channel, "message": message, **more}
    campaign = cast("Campaign", {"_id": CAMPAIGN, **check_content(fields, {})})
    return render_content(campaign, None, {"id": "c1", "first_name": "Asha"}, formatting)


@given(customer=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=254))
def test_a_link_names_its_campaign_customer_and_channel(customer: str) -> None:
    for channel in CHANNELS:
        url = LINKS.url(CAMPAIGN, customer, channel)
        assert read_token(KEY, token_of(url)) == Link(CAMPAIGN, customer, channel)
        assert url == LINKS.url(CAMPAIGN, customer, channel)


def test_a_token_that_was_changed_anywhere_names_nobody() -> None:
    token = token_of(LINKS.url(CAMPAIGN, "c1", "email"))
    others = [
        f"{token[:place]}{'A' if token[place] != 'A' else 'B'}{token[place + 1 :]}" for place in range(len(token))
    ]
    wrong = [
        *others,
        token[:-1],
        token[1:],
        f"{token}1",
        f"{token[:-1]}=1",
        f"{token[:-1]}\n1",
        "1",
        "",
        "ü1",
        "A" * 9_999 + "1",
    ]
    assert [each for each in wrong if read_token(KEY, each)] == []


def test_a_token_of_another_workspace_or_for_another_customer_names_nobody() -> None:
    token = token_of(LINKS.url(CAMPAIGN, "c1", "email"))
    assert read_token(b"o" * 32, token) is None
    forged = write_token(b"o" * 32, bytes.fromhex(CAMPAIGN) + b"email:c2")
    assert read_token(KEY, forged) is None
    assert read_token(KEY, token[:16] + forged[16:]) is None, "with the signature of another one"


def test_a_link_of_a_preview_is_as_long_and_names_no_campaign() -> None:
    sample = UnsubscribeLinks("https://crm.example.com", KEY)
    url = sample.url(CAMPAIGN, "c-0001234", "sms")
    found = read_token(KEY, token_of(url))
    assert found == Link(None, "c-0001234", "sms")
    assert len(url) == len(LINKS.url(CAMPAIGN, "c-0001234", "sms")) == 87
    assert url != LINKS.url(CAMPAIGN, "c-0001234", "sms")


def test_the_link_is_a_field_that_every_text_of_every_channel_may_use() -> None:
    assert UNSUBSCRIBE_LINK in message_fields({})
    assert UNSUBSCRIBE_LINK.snippet == UNSUBSCRIBE_LINK.with_fallback("none") == "{{ unsubscribe_url }}"
    assert used_fields("{{ unsubscribe_url }}", {}) == [], "it is of no customer, and never empty"
    for channel in CHANNELS.values():
        texts: dict[str, Any] = dict.fromkeys(channel.lines, "Stop: {{ unsubscribe_url }}")
        found = rendered(channel.name, "Stop: {{ unsubscribe_url }}", **texts)
        expected = f"Stop: {LINKS.url(CAMPAIGN, 'c1', channel.name)}"
        assert {found.body, *found.lines.values()} == {expected}


def test_a_mistyped_link_is_refused_with_its_name() -> None:
    with pytest.raises(
        InvalidInput, match=r"uses unsubscribe_link, which is not known \(did you mean unsubscribe_url\?"
    ):
        check_template("{{ unsubscribe_link }}")
    with pytest.raises(InvalidInput, match="not known"):
        check_template("{{ unsubscribe_url.token }}")


def test_an_e_mail_without_the_link_ends_with_who_writes_and_the_link() -> None:
    found = rendered("email", "Hi {{ customer.first_name }}", subject="News")
    assert found.body == (f"Hi Asha\n\n--\nNest, 1 High Street, London\nUnsubscribe: {found.unsubscribe_url}")
    assert found.unsubscribe_url == LINKS.url(CAMPAIGN, "c1", "email")
    without_address = FORMAT._replace(postal_address=None)
    assert "--\nNest\nUnsubscribe: " in rendered("email", "Hi", without_address, subject="News").body


def test_the_link_in_a_subject_or_one_that_the_template_made_up_does_not_do() -> None:
    made_up = "{% assign unsubscribe_url = 'https://evil.example' %}Stop: {{ unsubscribe_url }}"
    not_taken = "Hi{% if customer.first_name == 'Ben' %}{{ unsubscribe_url }}{% endif %}"
    for message in (made_up, not_taken, "Hi"):
        found = rendered("email", message, subject="News {{ unsubscribe_url }}")
        assert found.body.endswith(f"\nUnsubscribe: {found.unsubscribe_url}")


def test_messages_over_other_channels_are_as_they_were_written() -> None:
    for channel in CHANNELS.values():
        if not channel.needs_unsubscribe:
            assert rendered(channel.name, "Hi") == Rendered("Hi", {}, None)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("nina@example.com", "n…@e….com"),
        ("n@mail.example.co.uk", "n…@m….uk"),
        ("a@localhost", "a…@…"),
        ("+49 151 2345678", "…678"),
        ("12345", "…"),
    ],
)
def test_of_an_address_only_so_much_is_shown_that_its_owner_knows_it(address: str, masked: str) -> None:
    assert mask_address(address) == masked
