"""Message templates: what they may say, what is refused when written, and what is bounded when rendered."""

import pytest

from crm_core.campaigns.template import FIELDS, MAX_TEMPLATE, check_template, render_message
from crm_core.errors import InvalidInput, Permanent

ASHA = {"id": "c1", "name": "Asha Rao", "first_name": "Asha", "city": "Pune", "order_count": 3, "total_spend": "29.33"}


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        check_template(text)
    assert caught.value.field == "message"
    return str(caught.value)


def test_every_field_of_the_catalogue_may_be_used() -> None:
    check_template(" ".join(f"{{{{ customer.{name} }}}}" for name in FIELDS))


def test_a_message_names_the_customer() -> None:
    text = "Hi {{ customer.first_name | default: 'there' }}, {{ customer.order_count }} orders in {{ customer.city }}"
    assert render_message(text, ASHA) == "Hi Asha, 3 orders in Pune"


def test_a_field_without_a_value_leaves_a_gap_that_default_fills() -> None:
    text = "Hi {{ customer.first_name | default: 'there' }}{{ customer.city }}!"
    assert render_message(text, {"id": "c1"}) == "Hi there!"


def test_a_message_may_depend_on_the_customer() -> None:
    text = "{% if customer.order_count > 2 %}Thank you{% else %}Welcome{% endif %}"
    assert render_message(text, ASHA) == "Thank you"
    assert render_message(text, {"order_count": 1}) == "Welcome"


def test_what_customers_are_called_is_never_read_as_a_template() -> None:
    assert render_message("Hi {{ customer.name }}", {"name": "{{ customer.email }}"}) == "Hi {{ customer.email }}"


@pytest.mark.parametrize(
    "text",
    [
        "{{ customer.email }}",
        "{{ customer.nmae }}",
        "{{ customer }}",
        "{{ customer.name.size_of }}",
        "{{ name }}",
        "{% if 1 == 2 %}{{ customer.password }}{% endif %}",
        "{% for x in customer %}{{ x }}{% endfor %}",
        "{{ 'x' | append: secret }}",
    ],
)
def test_a_field_that_is_not_in_the_catalogue_is_refused_with_those_that_are(text: str) -> None:
    message = refusal(text)
    assert "is not known" in message
    assert "customer.first_name" in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Hi {{ customer.name ", "line 1"),
        ("Hi\n{{ customer.name | upcase: }} {{ | }}", "line 2"),
        ("{% if customer.city %}there", "expected tag endif"),
        ("{% nonsense %}", "line 1"),
        ("Hi {{ customer.name | slice: 'a' }}", "line 1, column 23"),
        ("{% include 'passwords' %}", "line 1"),
        ("{{ customer.order_count | divided_by: 0 }}", "line 1"),
    ],
)
def test_an_error_in_the_template_is_refused_with_its_place(text: str, place: str) -> None:
    assert place in refusal(text)


def test_an_unknown_filter_is_refused_even_where_only_some_customers_meet_it() -> None:
    assert "'shout'" in refusal("{% if customer.city == 'Pune' %}{{ customer.name | shout }}{% endif %}")


@pytest.mark.parametrize("text", ["", "   \n", "x" * (MAX_TEMPLATE + 1)])
def test_a_message_has_between_one_and_5000_characters(text: str) -> None:
    assert "1 to 5,000" in refusal(text)


def test_a_message_of_the_greatest_length_is_fine() -> None:
    check_template("x" * MAX_TEMPLATE)


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..1000000) %}x{% endfor %}",
        "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
        "{% for i in (1..1000) %}" + "x" * 100 + "{% endfor %}",
        "{% if 1 %}" * 400,
        "{{ " + "(" * 2000,
    ],
)
def test_a_runaway_template_is_refused(text: str) -> None:
    assert refusal(text)


def test_a_template_that_runs_away_for_one_customer_only_fails_for_that_customer() -> None:
    text = "{% for i in (1..customer.order_count) %}*{% endfor %}"
    check_template(text)
    assert render_message(text, {"order_count": 3}) == "***"
    with pytest.raises(Permanent):
        render_message(text, {"order_count": 1_000_000})
