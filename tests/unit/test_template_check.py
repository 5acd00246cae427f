"""The check of a draft: unknown names are errors with the nearest ones, and what works for customers is not refused."""

import contextlib
from typing import Any

import pytest

from crm_core.campaigns.drafting.template import check_template, render_message
from crm_core.errors import InvalidInput, Permanent
from crm_core.rules.fields import FieldType

ATTRIBUTES = {
    "size": FieldType.NUMBER,
    "plan": FieldType.TEXT,
    "colours": FieldType.LIST,
    "joined_on": FieldType.DATE,
    "is_vip": FieldType.BOOLEAN,
    "score": None,
}


def refusal(text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        check_template(text, attributes=ATTRIBUTES)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{% if customer.order_count > 2 %}x{% endif %}",
        "{% if customer.total_spend < 100 %}x{% endif %}",
        "{% if customer.attributes.size >= 40 and customer.visits < 3 %}x{% endif %}",
        "{% if customer.attributes.score > 5 %}x{% endif %}",
        "{% if customer.attributes.plan > 'a' and customer.attributes.joined_on < '2026-01-01' %}x{% endif %}",
        "{% if customer.last_order_at < '2026-01-01' %}x{% endif %}",
        "{% assign parts = customer.name | split: ' ' %}{{ parts[1] | default: 'x' }}",
        "{% for colour in customer.attributes.colours %}{{ colour.size }}{{ forloop.index }}{% endfor %}",
        "{% for i in (0..1) %}{{ customer.tags[i] }}{% endfor %}",
        "{{ customer.tags | concat: customer.attributes.colours | join: ', ' }}",
        "{{ customer.attributes.plan | slice: 0, 2 }} {{ customer.name.size }} {{ customer.attributes.score.size }}",
        "{{ 'x' | truncate: customer.attributes.plan }}",
        "{{ 10 | divided_by: customer.order_count }} {{ 10 | divided_by: customer.attributes.size }}",
        "{% assign n = customer.order_count | minus: 7 %}{{ 10 | divided_by: n }}",
        "{% if customer.loyalty_member and customer.attributes.is_vip %}x{% endif %}",
        "{{ customer['city'] }} {{ customer.attributes['plan'] }}",
        "{% liquid assign x = customer.city | default: 'x'\n echo x %}",
        "{{ customer.last_order_at | date: '%d.%m.%Y' }} {{ 'now' | date: '%Y' }}",
    ],
)
def test_a_template_that_works_for_real_customers_is_accepted(text: str) -> None:
    check_template(text, attributes=ATTRIBUTES)


@pytest.mark.parametrize(
    ("text", "name", "near"),
    [
        ("{{ customer.nmae }}", "customer.nmae", "customer.name"),
        ("{{ customer.fist_name }}", "customer.fist_name", "customer.first_name or"),
        ("{{ email }}", "email", "customer.email"),
        ("{{ customer.attributes.siez }}", "customer.attributes.siez", "customer.attributes.size"),
        ("{{ customer.plan }}", "customer.plan", ""),
        ("{% if false %}{{ customer.attributes.colors[0] }}{% endif %}", "customer.attributes.colors[0]", "customer"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_ones(text: str, name: str, near: str) -> None:
    message = refusal(text)
    assert f"uses {name}, which is not known" in message
    assert f"(did you mean {near}" in message or not near
    assert "allowed are customer.id, customer.name," in message


@pytest.mark.parametrize(
    "text",
    [
        "{{ customer.order_count.size }}",
        "{{ customer.name.first }}",
        "{{ customer.tags.length }}",
        "{{ customer.tags.first.first }}",
        "{{ customer.attributes }}",
        "{{ customer.attributes.plan.name }}",
        "{{ customer[x] }}",
        "{{ customer }}",
    ],
)
def test_a_part_that_no_value_has_is_unknown(text: str) -> None:
    assert "is not known" in refusal(text)


def test_names_beyond_a_screenful_are_counted() -> None:
    many = dict.fromkeys((f"a{number}" for number in range(500)), FieldType.TEXT)
    with pytest.raises(InvalidInput, match=r"customer\.attributes\.a\d+ and \d{3} more"):
        check_template("{{ x }}", attributes=many)


@pytest.mark.parametrize(
    "text",
    [
        "{% if customer.city > 3 %}x{% endif %}",
        "{{ customer.order_count | divided_by: 0 }}",
        "{{ customer.tags | money }}",
        "{{ customer.city | date: }}{{ customer.city | slice: 'a' }}",
    ],
)
def test_a_template_that_fails_for_everybody_with_a_value_is_refused(text: str) -> None:
    assert "has an error in its template" in refusal(text)


ODD: list[Any] = ["n/a", "", " ", "1e999", "9" * 30, -1, 10**18, 1e300, 0, True, [], ["a"], "2026-13-45", "%s {{ x }}"]


@pytest.mark.parametrize(
    "use",
    [
        "{% if customer.attributes.size > 20 %}x{% endif %}",
        "{{ customer.attributes.size | plus: 1 }}",
        "{{ customer.attributes.size | money }}",
        "{{ customer.attributes.size | date: '%Y %s' }}",
        "{{ customer.attributes.size | round: 2 }}{{ 1.5 | round: customer.attributes.size }}",
        "{{ 7 | divided_by: customer.attributes.size | modulo: customer.attributes.size }}",
        "{{ 'abc' | slice: customer.attributes.size }}{{ 'a b' | truncatewords: customer.attributes.size }}",
        "{% for i in (1..customer.attributes.size) %}{{ i }}{% endfor %}",
        "{% for i in (1..3) limit: customer.attributes.size offset: customer.attributes.size %}{{ i }}{% endfor %}",
        "{{ customer.attributes.size | concat: customer.attributes.size | sort | sum }}",
        "{{ customer.attributes.size | where: 'a', 'b' | map: 'x' | uniq | compact | first }}",
        "{{ customer.attributes.size | base64_decode }}{{ customer.attributes.size | url_decode }}",
        "{{ customer.attributes.size | split: customer.attributes.size | join: customer.attributes.size }}",
        "{% cycle customer.attributes.size, 1 %}",
        "{% tablerow i in (1..2) cols: customer.attributes.size %}x{% endtablerow %}",
        "{{ customer.attributes.size[customer.attributes.size] }}{{ customer.attributes[customer.attributes.size] }}",
    ],
)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_an_odd_value_is_rendered_or_fails_that_message_only(use: str, value: Any) -> None:
    with contextlib.suppress(Permanent):  # nothing else may come
        assert render_message(f"Hi {use}", {"attributes": {"size": value}}).startswith("Hi")


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), OSError("odd"), AssertionError(), NotImplementedError(), KeyError("odd")], ids=repr
)
def test_whatever_a_filter_raises_fails_that_message_only(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("liquid.builtin.tags.if_tag.IfNode.render_to_output", fail)
    with pytest.raises(Permanent, match="cannot be rendered"):
        render_message("{% if customer.city %}x{% endif %}", {})


@pytest.mark.parametrize("depth", range(50, 495, 15))
def test_paths_in_paths_are_refused_however_deep(depth: int) -> None:
    refusal("{{ customer" + "[customer" * depth + "]" * depth + " }}")
