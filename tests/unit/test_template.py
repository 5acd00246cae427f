"""Message templates: what they may say, what is refused when written, and what is bounded when rendered."""

import pytest

from crm_core.campaigns.drafting.message_fields import FIELDS
from crm_core.campaigns.drafting.template import MAX_TEMPLATE, check_template, render_message
from crm_core.errors import InvalidInput, Permanent
from crm_core.rules.fields import FieldType

ASHA = {"id": "c1", "name": "Asha Rao", "first_name": "Asha", "city": "Pune", "order_count": 3, "total_spend": "29.33"}


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        check_template(text)
    assert caught.value.field == "message"
    return str(caught.value)


def test_every_field_of_the_catalogue_may_be_used() -> None:
    check_template(" ".join(f"{{{{ {field.path} }}}}" for field in FIELDS))
    check_template(" ".join(field.snippet for field in FIELDS))


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
        "{{ customer.password }}",
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


XS = "x" * 32
LONG = f"{{% assign a = '{XS}' %}}{{% for i in (1..9) %}}{{% assign a = a | append: a %}}{{% endfor %}}"
"""Makes a text of 16,384 characters."""
HOSTILE = {
    "long loop": "{% for i in (1..1000000) %}x{% endfor %}",
    "nested loops": "{% for i in (1..900) %}{% for j in (1..900) %}x{% endfor %}{% endfor %}",
    "loops deep in each other": "{% for i in (1..2) %}" * 19 + "x" + "{% endfor %}" * 19,
    "endless range": f"{{% for i in (1..{10**40}) %}}x{{% endfor %}}",
    "table": "{% tablerow i in (1..1000000) %}x{% endtablerow %}",
    "much output": "{% for i in (1..200) %}" + "x" * 200 + "{% endfor %}",
    "much captured": "{% capture a %}{% for i in (1..200) %}" + "x" * 200 + "{% endfor %}{% endcapture %}",
    "doubled by capture": f"{{% capture a %}}{XS}{{% endcapture %}}"
    + "{% capture a %}{{ a }}{{ a }}{% endcapture %}" * 30,
    "doubled in a loop": f"{{% assign a = '{XS}' %}}"
    "{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}{{ a }}",
    "doubled by assign": f"{{% assign a = '{XS}' %}}" + "{% assign a = a | append: a %}" * 27,
    "multiplied in one expression": f"{{{{ '{XS}' " + f"| replace: 'x', '{XS}'" * 6 + " | size }}",
    "multiplied by nothing": f"{{% assign a = '{XS * 60}' %}}{{{{ a | replace: '', a | size }}}}",
    "giant integer": "{% assign a = 99999999999 %}" + "{% assign a = a | times: a %}" * 24 + "{{ a | modulo: 7 }}",
    "integer of many digits": "{{ " + "9" * 4900 + " }}",
    "range joined": "{{ (1..30000000) | join: ',' | size }}",
    "range turned": f"{{{{ (1..{10**30}) | reverse | first }}}}",
    "range summed": "{{ (1..20000000) | sum }}",
    "range looped over backwards": "{% for i in (1..20000000) reversed %}x{% endfor %}",
    "range skipped": "{% for i in (1..90000000) offset: 89999999 %}x{% endfor %}",
    "range skipped in a table": "{% tablerow i in (1..90000000) offset: 89999999 %}x{% endtablerow %}",
    "range searched": "{% if (1..90000000) contains 'x' %}x{% endif %}",
    "range searched by another name": "{% assign a = (1..90000000) %}{% if a contains 'x' %}x{% endif %}",
    "range searched in a tag of many lines": "{% liquid\nunless (1..90000000) contains 'x'\necho 'x'\nendunless %}",
    "range kept": "{% assign a = (1..400000) %}{% for i in (1..200) %}{% if a contains 'x' %}x{% endif %}{% endfor %}",
    "ranges skipped again and again": "{% for i in (1..200) %}"
    + "{% for j in (1..400000) offset: 399999 %}x{% endfor %}" * 2
    + "{% endfor %}",
    "list doubled": "{% assign a = 'a,b' | split: ',' %}" + "{% assign a = a | concat: a %}" * 28 + "{{ a | size }}",
    "many filters over much": f"{{% assign a = '{XS * 30}' %}}"
    "{% for i in (1..200) %}{% assign b = a" + " | upcase | downcase" * 120 + " %}{% endfor %}",
    "long texts compared": f"{LONG}{{% assign b = a | append: 'y' %}}{{% for i in (1..180) %}}"
    + "{% if a == b %}{% endif %}" * 180
    + "{% endfor %}",
    "long texts ordered": f"{LONG}{{% assign b = a | append: 'y' %}}{{% for i in (1..180) %}}"
    + "{% if a < b %}{% endif %}" * 180
    + "{% endfor %}",
    "long text searched": f"{LONG}{{% for i in (1..180) %}}"
    + "{% if a contains 'yxxxxxxxxxxx' %}{% endif %}" * 100
    + "{% endfor %}",
    "long texts as cases": f"{LONG}{{% for i in (1..180) %}}{{% case a %}}{{% when "
    + "a," * 1500
    + "a %}{% endcase %}{% endfor %}",
    "long texts in turn": f"{LONG}{{% for i in (1..180) %}}{{% cycle " + "a," * 1500 + "'' %}{% endfor %}",
    "long texts kept": f"{LONG}{{% for i in (1..180) %}}"
    + "{% capture b %}{{ a }}{% endcapture %}" * 120
    + "{% endfor %}",
    "long text changed": f"{LONG}{{% for i in (1..180) %}}"
    + "{% ifchanged %}{{ a }}{% endifchanged %}" * 110
    + "{% endfor %}",
    "long text as a name": f"{LONG}{{% for i in (1..180) %}}" + "{% if forloop[a] %}{% endif %}" * 150 + "{% endfor %}",
    "list of long texts searched": f"{LONG}{{% assign l = a | split: 'y' %}}"
    "{% for i in (1..8) %}{% assign l = l | concat: l %}{% endfor %}{% for i in (1..170) %}"
    + "{% if a contains l %}{% endif %}" * 140
    + "{% endfor %}",
    "many conditions": "{% for i in (1..200) %}" + "{% if i == 0 %}{% endif %}" * 180 + "{% endfor %}",
    "many literals": "{% for i in (1..200) %}{% if " + "1 == 1 and " * 180 + "true %}{% endif %}{% endfor %}",
    "many assignments": "{% for i in (1..200) %}" + "{% assign a = 1 %}" * 270 + "{% endfor %}",
    "many parts without an expression": "{% for i in (1..200) %}"
    + "{% if i %}{% else %}{% endif %}" * 150
    + "{% endfor %}",
    "many comments": "{% for i in (1..200) %}" + "{%#%}" * 900 + "{% endfor %}",
    "blocks deep in each other": "{% if 1 %}" * 400,
    "parentheses": "{{ " + "(" * 2000,
    "another template": "{% if customer.city == 'Pune' %}{% render 'secrets' %}{% endif %}",
    "division by zero": "{{ customer.order_count | divided_by: 0 }}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_template_that_would_take_too_much_is_refused(text: str) -> None:
    assert len(text) <= MAX_TEMPLATE
    assert "error in its template" in refusal(text)


def test_a_template_that_runs_away_for_one_customer_only_fails_for_that_customer() -> None:
    text = "{% for i in (1..customer.order_count) %}*{% endfor %}"
    check_template(text)
    assert render_message(text, {"order_count": 3}) == "***"
    for count in (1_000_000, 10**40):
        with pytest.raises(Permanent):
            render_message(text, {"order_count": count})


@pytest.mark.parametrize("how", ["reversed", "offset: 999999999", "limit: 3 reversed offset: 999999990"])
def test_a_loop_too_long_for_one_customer_fails_for_that_customer_only(how: str) -> None:
    text = f"{{% for i in (1..customer.order_count) {how} %}}*{{% else %}}none{{% endfor %}}"
    check_template(text)
    with pytest.raises(Permanent, match="does too much"):
        render_message(text, {"order_count": 10**9})


def test_a_loop_takes_the_first_of_many() -> None:
    text = "{% for i in (1..customer.order_count) limit: 3 %}{{ i }}{% endfor %}"
    assert render_message(text, {"order_count": 20_000}) == "123"


def test_a_message_that_fails_on_a_value_or_says_nothing_is_permanent() -> None:
    with pytest.raises(Permanent, match="cannot be rendered"):
        render_message("{{ 5 | divided_by: customer.order_count }}", {"order_count": 0})
    with pytest.raises(Permanent, match="is empty"):
        render_message("{{ customer.city }}", {"id": "c1"})


def test_what_one_message_took_is_not_counted_against_the_next() -> None:
    text = "{% for i in (1..150) %}{{ customer.name | upcase | downcase | capitalize | truncate: 1, '' }}{% endfor %}"
    assert {render_message(text, ASHA) for _ in range(50)} == {"A" * 150}


def test_known_attributes_may_be_used_and_one_that_a_customer_lacks_leaves_a_gap() -> None:
    text = "Size {{ customer.attributes.size | default: 'any' }}"
    check_template(text, attributes={"size": FieldType.NUMBER})
    assert render_message(text, {"attributes": {"size": 44}}) == "Size 44"
    assert render_message(text, {"id": "c1"}) == "Size any"
    assert "customer.attributes.size" in refusal(text)


def test_a_subject_is_short_and_says_so() -> None:
    check_template("x" * 200, field="subject")
    with pytest.raises(InvalidInput, match="A subject needs 1 to 200 characters") as caught:
        check_template("x" * 201, field="subject")
    assert caught.value.field == "subject"
