"""Values in messages: amounts count as numbers and print as money, days are those of the workspace, nil is nothing."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_core.campaigns.drafting.message_values import MessageFormat
from crm_core.campaigns.drafting.template import render_line, render_message, stored_fields
from crm_core.errors import Permanent

BERLIN = MessageFormat("EUR", "Europe/Berlin")
ANNA: dict[str, Any] = {
    "id": "c1",
    "name": "Lee, Anna",
    "email": "anna@example.com",
    "total_spend": Decimal("1234.50"),
    "order_count": 3,
    "avg_order_value": Decimal("411.50"),
    "tags": ["gold", "summer"],
    "loyalty_member": False,
    "last_order_at": datetime(2026, 1, 31, 23, 30, tzinfo=UTC),
    "attributes": {"points": 40, "plan": "basic", "joined_on": "2026-01-31", "seen_at": "2026-01-31T23:30:00Z"},
}


def render(text: str, formatting: MessageFormat = MessageFormat(), **changes: Any) -> str:  # noqa: B008
    """With a mark at the end, so that a message may say nothing."""
    return render_message(f"{text}|", {**ANNA, **changes}, formatting)[:-1]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{{ customer.total_spend }}", "1234.50"),
        ("{{ customer.total_spend | round }}", "1235"),
        ("{{ customer.total_spend | floor }} {{ customer.total_spend | ceil }}", "1234 1235"),
        ("{{ customer.total_spend | times: 1 }}", "1234.5"),
        ("{{ customer.total_spend | divided_by: 10 | floor }}", "123"),
        ("{{ customer.total_spend | plus: 0.1 }}", "1234.6"),
        ("{{ customer.total_spend | minus: customer.total_spend }}", "0.0"),
        ("{{ customer.total_spend | modulo: 7 }}", "2.5"),
        ("{{ customer.total_spend | at_least: 2000 }}", "2000"),
        ("{{ customer.total_spend | at_most: 2000 }}", "1234.50"),
        ("{{ customer.total_spend | default: 'nothing' }}", "1234.50"),
        ("{{ customer.total_spend | append: ' in all' }}", "1234.50 in all"),
        ("{% assign spent = customer.total_spend %}{{ spent }} {{ spent | times: 2 }}", "1234.50 2469.0"),
        ("{% capture spent %}{{ customer.total_spend }}{% endcapture %}{{ spent | plus: 1 }}", "1235.5"),
        ("{% if customer.total_spend > 1000 %}more{% endif %}", "more"),
        ("{% if customer.total_spend <= 1234.5 %}at most{% endif %}", "at most"),
        ("{% if customer.total_spend == 1234.50 %}equal{% endif %}", "equal"),
        ("{% if customer.total_spend > customer.avg_order_value %}more{% endif %}", "more"),
        ("{% case customer.total_spend %}{% when 1234.5 %}that{% endcase %}", "that"),
        ("{% for i in (1..customer.order_count) %}{{ i }}{% endfor %}", "123"),
        ("{{ customer.order_count | divided_by: 2 }} {{ customer.order_count | times: 1.5 }}", "1 4.5"),
    ],
)
def test_an_amount_is_a_number_everywhere_and_prints_as_money(text: str, meant: str) -> None:
    assert render(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{{ customer.total_spend }}", "-12.50"),
        ("{{ customer.total_spend | abs }}", "12.50"),
        ("{{ customer.total_spend | round }}", "-13"),
        ("{{ customer.total_spend | money }}", "-$12.50"),
        ("{% if customer.total_spend < 0 %}owed{% endif %}", "owed"),
    ],
)
def test_an_amount_may_be_negative(text: str, meant: str) -> None:
    assert render(text, total_spend=Decimal("-12.50")) == meant


def test_amounts_in_lists_are_sorted_summed_and_selected_as_numbers() -> None:
    both = "{{ customer.total_spend | append: ',' | append: customer.avg_order_value | split: ',' | %s }}"
    assert render(both % "sum") == "1646.0"


@pytest.mark.parametrize(
    ("number", "digits", "meant"),
    [("2.5", "", "3"), ("-2.5", "", "-3"), ("2.675", ": 2", "2.68"), ("1234.5", ": 0", "1235"), ("7", ": 2", "7")],
)
def test_round_rounds_half_up_as_liquid_does(number: str, digits: str, meant: str) -> None:
    assert render(f"{{{{ {number} | round{digits} }}}}") == meant


def test_a_currency_without_decimals_prints_none() -> None:
    yen = MessageFormat("JPY")
    assert render("{{ customer.total_spend }}", yen, total_spend=Decimal(1235)) == "1235"
    assert render("{{ customer.total_spend | money }}", yen, total_spend=Decimal(1235)) == "¥1,235"
    assert render("{{ customer.total_spend | divided_by: 10 }}", yen, total_spend=Decimal(1235)) == "123.5"


def test_the_filter_money_writes_any_number_with_the_currency() -> None:
    assert render("{{ customer.total_spend | money }}") == "$1,234.50"
    assert render("{{ customer.total_spend | times: 0.1 | money }}", BERLIN) == "€123.45"
    assert render("{{ 5 | money }} {{ '7.5' | money }}") == "$5.00 $7.50"
    assert render("{{ customer.cart_value | money | default: 'no cart' }}") == "no cart"


@pytest.mark.parametrize("value", ["n/a", ["1"], True, "NaN"])
def test_the_filter_money_fails_on_what_is_no_number(value: Any) -> None:
    with pytest.raises(Permanent, match="cannot be rendered"):
        render("{{ customer.attributes.points | money }}", attributes={"points": value})


def test_a_date_prints_its_day_in_the_workspace_and_can_be_formatted() -> None:
    assert render("{{ customer.last_order_at }}") == "2026-01-31"
    assert render("{{ customer.last_order_at }}", BERLIN) == "2026-02-01"
    assert render("{{ customer.last_order_at | date: '%-d %B %Y, %H:%M' }}", BERLIN) == "1 February 2026, 00:30"
    assert render("{{ customer.last_order_at | date: '%s %%s' }}", BERLIN) == "1769902200 %s"
    assert render("{{ customer.first_order_at | date: '%Y' | default: 'never' }}") == "never"


def test_dates_compare_with_days() -> None:
    text = "{% if customer.last_order_at > '2026-01-31' %}later{% else %}not later{% endif %}"
    assert (render(text), render(text, BERLIN)) == ("not later", "later")
    ago = "{% assign today = 'now' | date: '%Y-%m-%d' %}{% if customer.last_order_at < today %}past{% endif %}"
    assert render(ago) == "past"


def test_dates_in_attributes_are_read_in_the_workspaces_time_zone() -> None:
    assert render("{{ customer.attributes.joined_on | date: '%d.%m.%Y' }}", BERLIN) == "31.01.2026"
    assert render("{{ customer.attributes.seen_at | date: '%d.%m. %H:%M' }}", BERLIN) == "01.02. 00:30"
    assert render("{{ customer.attributes.plan | date: '%Y' }}", BERLIN) == "basic"


def test_email_tags_flags_and_attributes_can_be_used() -> None:
    assert render("{{ customer.email }} {{ customer.tags | join: ', ' }}") == "anna@example.com gold, summer"
    assert render("{{ customer.tags[0] }} {{ customer.tags.last }} {{ customer.tags.size }}") == "gold summer 2"
    assert render("{% if customer.tags contains 'gold' %}gold{% endif %}") == "gold"
    assert render("{% unless customer.loyalty_member %}join us{% endunless %}") == "join us"
    assert render("{% if customer.attributes.points > 20 %}{{ customer.attributes.points }}{% endif %}") == "40"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{% if customer.city == blank %}blank{% endif %}", "blank"),
        ("{% if customer.city != blank %}has one{% else %}blank{% endif %}", "blank"),
        ("{% if blank == customer.attributes.size %}blank{% endif %}", "blank"),
        ("{% if customer.loyalty_member == blank %}blank{% endif %}", "blank"),
        ("{% case customer.city %}{% when blank %}blank{% else %}has one{% endcase %}", "blank"),
        ("{% if customer.name == blank %}blank{% else %}has one{% endif %}", "has one"),
        ("{% if customer.city == nil %}nil{% endif %}{% if customer.city %}has one{% endif %}", "nil"),
        ("{% if customer.city == empty %}empty{% else %}not{% endif %}", "not"),
        ("{% assign parts = customer.name | split: ', ' %}{{ parts[7] | default: 'x' }}", "x"),
        ("{% if customer.visits > 2 %}more{% else %}not{% endif %}", "not"),
        ("{{ customer.visits | plus: 1 }}", "1"),
        ("Dear {{ 'customer ' | append: customer.city }}", "Dear customer "),
        ("{{ customer.categories | join: ', ' }}{{ customer.categories.first }}{{ customer.city.size }}", ""),
        ("{% for tag in customer.categories %}{{ tag }}{% else %}none{% endfor %}", "none"),
    ],
)
def test_a_missing_value_is_nil(text: str, meant: str) -> None:
    assert render(text) == meant


def test_a_first_name_that_is_given_wins_over_the_one_in_the_full_name() -> None:
    text = "Hi {{ customer.first_name | default: 'there' }}"
    assert render(text) == "Hi Anna"
    assert render(text, first_name="Annie") == "Hi Annie"
    assert render(text, name="Dr. Meier") == "Hi there"
    assert render(text, name=None) == "Hi there"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Ann\r\nBcc: x@example.com", "News for Ann Bcc: x@example.com"),
        ("  Ann \t\u2028 Lee\x85", "News for Ann Lee"),
        ("An\x00n\x1b[31m\x9f Lee", "News for Ann[31m Lee"),
        ("می\u200cخواهم", "News for می\u200cخواهم"),
    ],
)
def test_a_subject_is_one_line_whatever_a_value_holds(name: str, line: str) -> None:
    assert render_line("News for\n {{ customer.name }} ", {"name": name}) == line


def test_a_subject_that_says_nothing_is_refused() -> None:
    with pytest.raises(Permanent, match="the subject is empty"):
        render_line("{{ customer.name }}", {"name": "\x00\r\n"})


def test_only_what_the_templates_name_is_read_of_a_customer() -> None:
    assert stored_fields(["Hello", None]) == set()
    assert stored_fields(["{{ customer.total_spend }}", "{{ customer.id }}"]) == {"total_spend_minor", "_id"}
    assert stored_fields(["{{ customer.first_name }}"]) == {"first_name", "name"}
    assert stored_fields(["{{ customer.avg_order_value }}"]) == {"total_spend_minor", "order_count"}
    assert stored_fields(["{{ damaged"]) == set()
