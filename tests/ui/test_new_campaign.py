"""New campaign: what is missing is named, the preview is what a real customer reads, and launching launches."""

import pytest

from crm_core.audience.model import Segment
from crm_core.campaigns.drafting.message_fields import FIELDS
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import EVERYONE, AnyRule
from crm_core.services import Services
from tests.actors import TEST
from tests.ui.page import Page
from tests.ui.shop import Shop

LAUNCH, CONFIRM = "Launch …", "Launch now"


def visits(at_least: int) -> AnyRule:
    return load_rule({"kind": "field", "field": "visits", "op": "gte", "value": at_least})


@pytest.fixture
def regulars(shop: Shop, workspace: Services) -> Segment:
    return workspace.segments.save("Regulars", visits(5), actor=TEST)


def ready(segment: Segment, message: str | None = None) -> Page:
    """Everything filled in."""
    page = Page("new_campaign", segment=segment["_id"])
    page.choose("Campaign name", "Spring")
    if message is not None:
        page.choose("Message", message)
    return page


def preview(page: Page) -> str:
    (bubble,) = page.test.text
    return str(bubble.value)


def test_without_a_segment_the_next_step_is_to_build_one(workspace: Services) -> None:
    page = Page("new_campaign")
    assert "Still needed: a segment, a name." in page.words
    assert page.button(LAUNCH).disabled
    page.click("Build an audience")
    assert page.title == "Audience builder"


def test_every_segment_can_be_chosen_however_many_there_are(workspace: Services, regulars: Segment) -> None:
    rows = [{**regulars, "_id": f"copy-{place}", "name": f"Copy {place}"} for place in range(1100)]
    workspace.db.segments.insert_many(rows)
    page = Page("new_campaign")
    assert len(page.widget("Segment").options) == 1101
    page.choose("Segment", "Copy 1099")
    assert "Still needed: a name." in page.words


def test_what_is_missing_is_named_until_nothing_is(regulars: Segment) -> None:
    page = Page("new_campaign")
    assert "Still needed: a segment, a name." in page.words
    page.choose("Segment", "Regulars")
    assert "Still needed: a name." in page.words
    page.choose("Message", " ")
    assert "Still needed: a name, a message without errors." in page.words
    page.choose("Campaign name", "  ")
    assert page.button(LAUNCH).disabled
    page.choose("Campaign name", "Spring")
    page.choose("Message", "Hello")
    assert "Still needed" not in page.words
    assert not page.button(LAUNCH).disabled


def test_a_segment_of_nobody_cannot_be_launched_to(shop: Shop, workspace: Services) -> None:
    page = ready(workspace.segments.save("Nobody", visits(99), actor=TEST))
    assert page.metric("Customers match now") == "0"
    assert "Still needed: a segment that has customers." in page.words
    assert page.button(LAUNCH).disabled


def test_the_audience_is_counted_and_said_in_words(shop: Shop, regulars: Segment) -> None:
    page = Page("new_campaign", segment=regulars["_id"])
    assert page.metric("Customers match now") == str(shop.count(lambda who, _: who["visits"] >= 5))
    assert "Visited at least 5 times" in page.words


def test_a_segment_in_a_segment_is_counted_and_named(shop: Shop, workspace: Services, regulars: Segment) -> None:
    rule = load_rule({"kind": "none", "rules": [{"kind": "segment", "segment_id": regulars["_id"]}]})
    page = ready(workspace.segments.save("Others", rule, actor=TEST))
    assert page.metric("Customers match now") == str(shop.count(lambda who, _: who["visits"] < 5))
    assert "Not: is in the segment “Regulars”" in page.words
    page.click(LAUNCH)
    page.click(CONFIRM, dialog=LAUNCH)
    (campaign,) = workspace.db.campaigns.find()
    assert [kept["name"] for kept in campaign["rule_segments"]] == ["Regulars"]


def test_a_segment_whose_rule_became_impossible_says_why_and_leaves_the_form_usable(workspace: Services) -> None:
    Shop([{"id": "a", "attributes": {"size": 5}}]).store_in(workspace)
    rule = load_rule({"kind": "field", "field": "attributes.size", "op": "gt", "value": 1})
    segment = workspace.segments.save("Impossible", rule, actor=TEST)
    Shop([{"id": "b", "attributes": {"size": "large"}}]).store_in(workspace)
    workspace.segments.save("Possible", visits(0), actor=TEST)
    page = ready(segment, "Hello")
    assert "declare its type to use it in rules" in page.errors
    assert "Still needed: a segment that can be evaluated." in page.words
    assert page.button(LAUNCH).disabled
    page.choose("Segment", "Possible")
    assert not page.errors
    assert (page.metric("Customers match now"), preview(page)) == ("2", "Hello")
    page.choose("Segment", "Impossible")
    workspace.attributes.declare("size", "number", actor=TEST)
    page.run()
    assert page.metric("Customers match now") == "1"
    assert not page.button(LAUNCH).disabled


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Hi\n{{ customer.nam }}", ["customer.nam,", "allowed are customer.id, customer.name,"]),
        ("Hi\n {% shout %}", ["line 2, column 5", "unexpected tag 'shout'"]),
        ("Hi {{ customer.name | loud }}", ["'loud'", "not known"]),
        ("", ["needs 1 to 5,000 characters"]),
    ],
)
def test_an_error_in_the_message_is_said_with_its_place(regulars: Segment, message: str, words: list[str]) -> None:
    page = ready(regulars, message)
    for part in words:
        assert part in page.errors
    assert not page.test.text
    assert page.button(LAUNCH).disabled


def test_the_preview_is_what_a_real_customer_will_read(shop: Shop, regulars: Segment) -> None:
    page = ready(regulars, "Hi {{ customer.first_name }} of {{ customer.city | default: 'nowhere' }}")
    meant = [who for who in shop.customers if who["visits"] >= 5]
    assert page.widget("Customer").options == [who["name"] for who in meant[:10]]
    for who in (meant[0], meant[2]):
        page.choose("Customer", who["name"])
        assert preview(page) == f"Hi {who['name'].split()[0]} of {who.get('city', 'nowhere')}"


def test_the_preview_follows_to_another_segment(shop: Shop, workspace: Services, regulars: Segment) -> None:
    rare = load_rule({"kind": "field", "field": "visits", "op": "lt", "value": 5})
    workspace.segments.save("Rare", rare, actor=TEST)
    page = ready(regulars, "{{ customer.id }}")
    page.choose("Customer", page.widget("Customer").options[3])
    page.choose("Segment", "Rare")
    assert preview(page) == min(who["id"] for who in shop.customers if who["visits"] < 5)


def test_every_field_can_be_put_at_the_end_of_the_message(regulars: Segment) -> None:
    page = ready(regulars)
    for field in FIELDS:
        page.choose("Message", "Dear customer,")
        page.choose("Insert a field of the customer", field.label)
        assert page.widget("Message").value == f"Dear customer, {field.snippet}"
        assert page.widget("Insert a field of the customer").value is None
        assert not page.errors
        assert preview(page).startswith("Dear customer,")
    page.choose("Insert a field of the customer", "Customer id")
    assert page.widget("Message").value.endswith(" {{ customer.id }}")


def test_a_custom_attribute_can_be_inserted_and_is_previewed(workspace: Services) -> None:
    Shop([{"id": "a", "name": "Ann", "visits": 9, "attributes": {"shoe_size": 44}}]).store_in(workspace)
    page = ready(workspace.segments.save("Visitors", visits(5), actor=TEST), "Size")
    page.choose("Insert a field of the customer", "Shoe size")
    assert preview(page) == "Size 44"
    page.choose("Message", "{{ customer.attributes.shoe_sise }}")
    assert "did you mean customer.attributes.shoe_size?" in page.errors


def test_a_message_that_fails_for_the_previewed_customer_says_so_beside_it(workspace: Services) -> None:
    """A loop over what a customer has ends only with that customer's data; such a message fails for them alone."""
    Shop([{"id": "a", "visits": 1, "order_count": 5000}, {"id": "b", "visits": 1, "order_count": 2}]).store_in(
        workspace
    )
    segment = workspace.segments.save("Both", visits(1), actor=TEST)
    page = ready(segment, "{% for i in (1..customer.order_count) %}x{% endfor %}")
    assert "For this customer the message cannot be rendered" in page.errors
    assert not page.button(LAUNCH).disabled
    page.choose("Customer", "b")
    assert preview(page) == "xx"
    assert not page.errors


def test_a_customer_who_has_declined_is_said_to_be_skipped(workspace: Services) -> None:
    Shop(
        [
            {"id": "no", "name": "No Body", "visits": 1, "consent": {"in_app": "denied"}},
            {"id": "yes", "name": "Yes Body", "visits": 1, "consent": {"sms": "denied"}},
        ]
    ).store_in(workspace)
    page = ready(workspace.segments.save("Both", visits(1), actor=TEST))
    assert "This customer will be skipped: no consent." in page.words
    page.choose("Customer", "Yes Body")
    assert "will be skipped" not in page.words


def test_a_customer_who_is_suppressed_is_said_to_be_skipped(workspace: Services) -> None:
    Shop([{"id": "a", "visits": 1}]).store_in(workspace)
    workspace.suppressions.add("a", "in_app", reason="manual", actor=TEST)
    page = ready(workspace.segments.save("All", visits(1), actor=TEST))
    assert "This customer will be skipped: suppressed." in page.words


def test_launching_creates_and_launches(shop: Shop, workspace: Services, regulars: Segment) -> None:
    page = ready(regulars, "Hi {{ customer.id }}")
    page.click(LAUNCH)
    count = shop.count(lambda who, _: who["visits"] >= 5)
    assert f"Spring goes to {count} customers of Regulars." in page.words.replace("*", "")
    assert not workspace.db.campaigns.count_documents({})
    page.click(CONFIRM, dialog=LAUNCH)
    (campaign,) = workspace.db.campaigns.find()
    assert (campaign["state"], campaign["name"], campaign["channel"]) == ("preparing", "Spring", "in_app")
    assert (campaign["message"], campaign["rule"]) == ("Hi {{ customer.id }}", regulars["rule"])
    assert (page.title, page.query) == ("Spring", {"campaign": campaign["_id"]})
    page.follow_to("campaign")
    assert "Finding the audience" in page.words


def test_everyone_has_to_be_meant(shop: Shop, workspace: Services) -> None:
    page = ready(workspace.segments.save("Everyone", EVERYONE, actor=TEST))
    page.click(LAUNCH)
    assert page.button(CONFIRM).disabled
    page.choose("Yes, everyone", True, dialog=LAUNCH)
    page.click(CONFIRM, dialog=LAUNCH)
    (campaign,) = workspace.db.campaigns.find()
    assert campaign["state"] == "preparing"


def test_a_link_to_no_segment_says_so_and_offers_the_others(regulars: Segment) -> None:
    page = Page("new_campaign", segment="nope")
    assert "There is no segment with the id 'nope'." in page.errors
    page.choose("Segment", "Regulars")
    assert "Visited at least 5 times" in page.words


def test_a_link_opens_a_segment_that_is_too_old_for_the_list(workspace: Services, regulars: Segment) -> None:
    workspace.db.segments.insert_many(
        [{**regulars, "_id": f"s{n}", "name": f"S{n}", "updated_at": workspace.clock()} for n in range(200)]
    )
    workspace.db.segments.update_one({"_id": regulars["_id"]}, {"$set": {"updated_at": regulars["updated_at"].min}})
    page = Page("new_campaign", segment=regulars["_id"])
    assert page.widget("Segment").value == regulars["_id"]
