"""The message of a new campaign: what every channel asks for, variants, fields, and how customers see it."""

import pytest

from crm_core.audience.model import Segment
from crm_core.channels.registry import CHANNELS
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import TEST
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.wizard import load_snapshot, preview, review

EVERY_CHANNEL = {"consent": dict.fromkeys(CHANNELS, "granted")}
ASHA = {"id": "a", "name": "Asha Rao", "city": "Pune", "email": "asha@shop.example", "phone": "+91 98 2000 1000"}
VISITED = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 1})


@pytest.fixture
def visitors(workspace: Services) -> Segment:
    long = "Wolfeschlegelsteinhausenbergerdorff"
    Shop(
        [
            {**ASHA, "visits": 1, **EVERY_CHANNEL, "attributes": {"push_token": "t", "shoe_size": 44}},
            {"id": "b", "name": f"Bo {long}", "visits": 1, "email": "bo@shop.example"},
            {"id": "c", "visits": 1, "consent": {"in_app": "denied", "email": "denied"}},
        ]
    ).store_in(workspace)
    return workspace.segments.save("Visitors", VISITED, actor=TEST)


@pytest.fixture
def page(visitors: Segment) -> Page:
    return Page("new_campaign", segment=visitors["_id"], step="message")


def stored(services: Services) -> dict[str, object]:
    (draft,) = services.db.campaigns.find()
    return dict(draft)


def test_each_channel_says_how_many_it_reaches_and_asks_for_its_own_lines(workspace: Services, page: Page) -> None:
    load_snapshot(workspace)
    asked: dict[str, list[str]] = {}
    for name in CHANNELS:
        page.choose("Channel", name)
        labels = {widget.label for widget in page.test.text_input}
        asked[name] = sorted(labels & {"From", "Reply to", "Subject", "Preheader (optional)", "Title (optional)"})
        assert f"It reaches {1 if CHANNELS[name].address != 'email' and name != 'in_app' else 2} of 3." in page.words
    assert asked == {
        "in_app": [],
        "email": ["From", "Preheader (optional)", "Reply to", "Subject"],
        "sms": [],
        "whatsapp": [],
        "push": ["Title (optional)"],
    }


def test_lines_and_sender_of_an_email_are_shown_and_come_back_with_it(workspace: Services, page: Page) -> None:
    page.choose("Channel", "email")
    assert "A subject needs 1 to 200 characters." in page.errors
    for label, text in {
        "Subject": "For {{ customer.first_name }}",
        "Preheader (optional)": "{{ customer.city }}",
        "From": "Nest Books",
        "Reply to": "help@nest.example",
    }.items():
        page.choose(label, text)
    shown = preview(page)
    for part in ("Nest Books", "For Asha", "Pune", "to asha@shop.example", "Hi Asha, we saved something for you."):
        assert part in shown
    page.choose("Channel", "sms")
    assert [stored(workspace)[name] for name in ("subject", "preheader", "from_name", "reply_to")] == [None] * 4
    assert not page.errors
    page.choose("Channel", "email")
    kept = stored(workspace)
    assert (kept["subject"], kept["from_name"]) == ("For {{ customer.first_name }}", "Nest Books")
    page.choose("Reply to", "nobody")
    assert "A reply-to is one e-mail address" in page.errors


def test_real_customers_are_stepped_through_the_longest_and_the_emptiest_too(page: Page) -> None:
    page.choose("Message", "{{ customer.id }}: {{ customer.name | default: 'nobody' }}")
    assert preview(page) == "a: Asha Rao"
    page.click("", 1)
    assert preview(page).startswith("b: Bo Wolfe")
    page.click("Emptiest")
    assert preview(page) == "c: nobody"
    assert "This customer will be skipped: no consent." in page.words
    page.click("Longest")
    assert preview(page).startswith("b: Bo Wolfe")


def test_a_text_message_is_counted_in_segments(page: Page) -> None:
    page.choose("Channel", "sms")
    page.choose("Message", "x" * 161)
    assert "161 characters, sent as 2 SMS segments." in page.words
    page.choose("Message", "x" * 69 + "\N{PARTY POPPER}")
    assert "sent as 2 SMS segments. Characters outside the GSM alphabet" in page.words


def test_a_field_is_inserted_with_what_it_says_when_it_is_empty(workspace: Services, page: Page) -> None:
    page.choose("Message", "Hello")
    page.choose("Insert a field", "city")
    page.choose("If it is empty, say", "your town")
    page.click("Insert")
    assert stored(workspace)["message"] == "Hello {{ customer.city | default: 'your town' }}"
    assert preview(page) == "Hello Pune"
    table = page.test.dataframe[0].value
    assert table.to_dict("records") == [
        {"Field used": "City", "If empty, it says": "“your town”", "Empty for": "2 of 3"}
    ]
    page.choose("Insert a field", "attributes.shoe_size")
    page.click("Insert")
    assert preview(page) == "Hello Pune 44"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Hi\n{{ customer.nam }}", ["customer.nam,", "allowed are customer.id, customer.name,"]),
        ("Hi\n {% shout %}", ["line 2, column 5", "unexpected tag 'shout'"]),
        ("Hi {{ customer.name | loud }}", ["'loud'", "not known"]),
        ("{{ customer.attributes.shoe_sise }}", ["did you mean customer.attributes.shoe_size?"]),
        (" ", ["needs 1 to 5,000 characters"]),
    ],
)
def test_an_error_in_a_message_is_kept_and_said_with_its_place(
    workspace: Services, page: Page, message: str, words: list[str]
) -> None:
    page.choose("Message", message)
    for part in words:
        assert part in page.errors
    assert "1 message, 1 to mend" in page.words
    assert stored(workspace)["message"] == (message if message.strip() else None)
    review(page, workspace)
    assert words[0] in page.words


def test_variants_have_texts_and_shares_of_their_own(workspace: Services, page: Page) -> None:
    page.choose("Message", "One")
    page.click("Test a variant")
    page.choose("Variant", 1)
    page.choose("Message", "Two")
    assert preview(page) == "Two"
    page.choose("Share in percent", 30.0)
    variants = stored(workspace)["variants"]
    assert [(each["name"], each["message"], each["weight"]) for each in variants] == [  # type: ignore[attr-defined]
        ("A", "One", 70),
        ("B", "Two", 30),
    ]
    page.click("Variant")
    page.choose("Share in percent", 50.0)
    assert "together 100, not 116.667" in page.errors
    page.click("Same share for all")
    assert not page.errors
    page.choose("Variant", 0)
    page.click("Remove")
    page.click("Remove")
    kept = stored(workspace)
    assert (kept["variants"], kept["message"]) == ([], "Two")


def test_a_message_that_fails_for_some_customers_says_for_whom(workspace: Services) -> None:
    Shop([{"id": "a", "visits": 1, "order_count": 5000}, {"id": "b", "visits": 1, "order_count": 2}]).store_in(
        workspace
    )
    both = workspace.segments.save("Both", VISITED, actor=TEST)
    page = Page("new_campaign", segment=both["_id"], step="message")
    page.choose("Message", "{% for i in (1..customer.order_count) %}x{% endfor %}")
    assert "For this customer the message cannot be rendered" in page.errors
    assert "It cannot be rendered for 1 of the first 2 customers, such as a" in page.errors
    page.click("", 1)
    assert preview(page) == "xx"
    review(page, workspace)
    assert "It cannot be made for 1 of 2 customers: they get nothing." in page.words.replace("*", "")
    assert page.links["a"] == "customer=a"
