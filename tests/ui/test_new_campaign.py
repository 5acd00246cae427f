"""New campaign: a draft from the first change on, whom it reaches, and the launch after a rehearsal."""

import pytest

from crm_core.audience.model import Segment
from crm_core.audience.shared_rules import KEPT
from crm_core.rules.loading import dump_rule, load_rule
from crm_core.rules.tree import EVERYONE, AnyRule, ListRule, SegmentRule
from crm_core.services import Services
from tests.actors import BEN, TEST
from tests.conftest import TestClock
from tests.ui.page import Page
from tests.ui.shop import Shop
from tests.ui.wizard import launch, launch_label, load_snapshot, review, to_step


def visits(at_least: int) -> AnyRule:
    return load_rule({"kind": "field", "field": "visits", "op": "gte", "value": at_least})


@pytest.fixture
def regulars(shop: Shop, workspace: Services) -> Segment:
    return workspace.segments.save("Regulars", visits(5), actor=TEST)


def test_nothing_is_stored_before_a_change_and_everything_after(workspace: Services, regulars: Segment) -> None:
    page = Page("new_campaign", segment=regulars["_id"])
    assert page.query == {"segment": regulars["_id"]}
    to_step(page, "message")
    assert not workspace.db.campaigns.count_documents({})
    page.choose("Message", "Hello")
    (draft,) = workspace.db.campaigns.find()
    assert (draft["message"], draft["segment_id"], draft["state"]) == ("Hello", regulars["_id"], "draft")
    assert page.query == {"campaign": draft["_id"], "step": "message"}
    to_step(page, "audience")
    page.choose("Campaign name", "Spring")
    again = Page("new_campaign", campaign=draft["_id"], step="message")
    assert (again.title, again.widget("Message").value) == ("Spring", "Hello")


def test_what_is_done_before_the_browser_has_the_new_address_is_of_the_same_draft(
    workspace: Services, regulars: Segment
) -> None:
    page = Page("new_campaign", segment=regulars["_id"], channel="sms")
    page.choose("Campaign name", "Spring")
    (draft,) = workspace.db.campaigns.find()
    page.readdress(segment=regulars["_id"], channel="sms")
    page.choose("Recipients of any campaign in the last … days", 7)
    page.readdress(segment=regulars["_id"], channel="sms")
    to_step(page, "message")
    assert page.query == {"campaign": draft["_id"], "step": "message"}
    assert (page.title, page.widget("Channel").value) == ("Spring", "sms")
    (stored,) = workspace.db.campaigns.find()
    assert (stored["segment_id"], stored["exclude_recent_days"]) == (regulars["_id"], 7)


def test_following_the_link_once_more_begins_another(workspace: Services, regulars: Segment) -> None:
    page = Page("new_campaign", segment=regulars["_id"])
    page.choose("Campaign name", "Spring")
    page.readdress(segment=regulars["_id"])
    page.run()
    assert page.title == "New campaign"
    page.choose("Campaign name", "Summer")
    assert sorted(each["name"] for each in workspace.db.campaigns.find()) == ["Spring", "Summer"]


def test_without_a_segment_the_next_step_is_to_build_one(workspace: Services) -> None:
    page = Page("new_campaign")
    assert "Nobody is chosen yet" in page.words
    to_step(page, "review")
    assert "Nobody has said yet whom this campaign goes to." in page.words
    to_step(page, "audience")
    page.click("Build an audience")
    assert page.title == "Audience builder"


def test_the_audience_is_counted_less_those_left_out(shop: Shop, workspace: Services, regulars: Segment) -> None:
    load_snapshot(workspace)
    often = workspace.segments.save("Often", visits(9), actor=TEST)
    page = Page("new_campaign", segment=regulars["_id"])
    matched = shop.count(lambda who, _: who["visits"] >= 5)
    assert page.metric("Match now") == str(matched)
    assert "Visited at least 5 times" in page.words
    page.choose("Customers of these segments", [often["_id"]])
    kept = shop.count(lambda who, _: 5 <= who["visits"] < 9)
    assert (page.metric("Match now"), page.metric("Will be messaged")) == (str(matched), str(kept))
    page.choose("Recipients of any campaign in the last … days", 7)
    (draft,) = workspace.db.campaigns.find()
    assert ([each["name"] for each in draft["exclude_segments"]], draft["exclude_recent_days"]) == (["Often"], 7)


def test_a_segment_whose_rule_became_impossible_says_why(workspace: Services) -> None:
    Shop([{"id": "a", "attributes": {"size": 5}}]).store_in(workspace)
    rule = load_rule({"kind": "field", "field": "attributes.size", "op": "gt", "value": 1})
    segment = workspace.segments.save("Impossible", rule, actor=TEST)
    Shop([{"id": "b", "attributes": {"size": "large"}}]).store_in(workspace)
    page = Page("new_campaign", segment=segment["_id"])
    assert "declare its type to use it in rules" in page.errors
    workspace.attributes.declare("size", "number", actor=TEST)
    page.run()
    assert page.metric("Match now") == "1"


def test_customers_are_chosen_by_search_and_pasted_ids_and_addresses(workspace: Services) -> None:
    Shop([{"id": f"k{n}", "name": f"Kim {n}", "email": f"Kim{n}@shop.example"} for n in range(4)]).store_in(workspace)
    page = Page("new_campaign")
    page.choose("Audience", "customers")
    page.choose("Find a customer", "kim 2")
    page.choose("Add", "k2")
    page.choose("Paste customer ids or e-mail addresses", "k1, kim3@SHOP.example\nk2; nobody")
    page.click("Add these")
    assert "2 added. 1 were chosen already. Nobody has 1 of them: “nobody”." in page.words
    (draft,) = workspace.db.campaigns.find()
    assert draft["rule"] == dump_rule(ListRule(customer_ids=("k2", "k1", "k3")))
    page.click("Choose none")
    file = ("some.csv", b"Name;E-mail\nKim;KIM1@shop.example\n", "text/csv")
    page.test.file_uploader[0].set_value(file)
    page.run()
    page.click("Add those of the file")
    (draft,) = workspace.db.campaigns.find()
    assert draft["rule"] == dump_rule(ListRule(customer_ids=("k1",)))
    page.click("Choose none")
    (draft,) = workspace.db.campaigns.find()
    assert draft["rule"] is None


def test_the_rules_of_a_link_are_the_audience_and_can_be_changed(
    shop: Shop, workspace: Services, clock: TestClock
) -> None:
    shared = workspace.shared_rules.share(visits(5), actor=TEST)
    page = Page("new_campaign", board=shared, channel="sms")
    assert page.metric("Match now") == str(shop.count(lambda who, _: who["visits"] >= 5))
    page.choose("Campaign name", "Spring")
    page.click("Change these rules in the builder")
    assert (page.title, page.query["board"]) == ("Audience builder", shared)
    page.go_to("new_campaign", board=workspace.shared_rules.share(visits(7), actor=TEST))
    (draft,) = workspace.db.campaigns.find()
    assert (draft["name"], draft["channel"], draft["rule"]) == ("Spring", "sms", dump_rule(visits(7)))
    clock.now += KEPT
    late = Page("new_campaign", board=shared)
    assert "The link to this rule is incomplete or has expired." in late.errors
    assert "Campaign name" in {widget.label for widget in late.test.text_input}


def test_a_link_to_no_segment_and_to_no_draft_say_so(workspace: Services, regulars: Segment) -> None:
    page = Page("new_campaign", segment="nope")
    assert "There is no segment with the id 'nope'." in page.errors
    page.choose("Segment", regulars["_id"])
    assert "Visited at least 5 times" in page.words
    gone = Page("new_campaign", campaign="nope")
    assert "There is no such campaign" in gone.words
    assert "All campaigns" in gone.links


def test_a_launch_is_rehearsed_asked_once_with_the_number_and_done(
    shop: Shop, workspace: Services, regulars: Segment
) -> None:
    page = Page("new_campaign", segment=regulars["_id"])
    page.choose("Campaign name", "Spring")
    count = shop.count(lambda who, _: who["visits"] >= 5)
    review(page, workspace)
    assert f"{count} audience = {count} messaged" in page.words.replace("*", "")
    assert launch_label(page) == f"Launch to {count} customers …"
    launch(page)
    (campaign,) = workspace.db.campaigns.find()
    assert (campaign["state"], campaign["name"], campaign["rule"]) == ("preparing", "Spring", regulars["rule"])
    assert (page.title, page.query["campaign"]) == ("Spring", campaign["_id"])
    closed = Page("new_campaign", campaign=campaign["_id"])
    assert "it cannot be edited any more" in closed.words


@pytest.mark.parametrize("is_nested", [False, True])
def test_everyone_has_to_be_meant(shop: Shop, workspace: Services, is_nested: bool) -> None:
    segment = workspace.segments.save("Everyone", EVERYONE, actor=TEST)
    if is_nested:
        segment = workspace.segments.save("Around", SegmentRule(segment_id=segment["_id"]), actor=TEST)
    page = Page("new_campaign", segment=segment["_id"])
    review(page, workspace)
    label = launch_label(page)
    page.click(label)
    assert page.button("Launch now").disabled
    page.choose("launch_everyone", True, dialog=label)
    page.click("Launch now", dialog=label)
    assert [each["state"] for each in workspace.db.campaigns.find()] == ["preparing"]


def test_a_draft_changed_elsewhere_is_shown_with_the_difference(workspace: Services, regulars: Segment) -> None:
    often = workspace.segments.save("Often", visits(9), actor=TEST)
    page = Page("new_campaign", segment=regulars["_id"])
    page.choose("Campaign name", "Spring")
    (draft,) = workspace.db.campaigns.find()
    workspace.campaigns.update(draft["_id"], name="Autumn", actor=BEN)
    page.choose("Campaign name", "Winter")
    assert "Campaign name: theirs “Autumn”, yours “Winter”" in page.words
    assert "ben changed this draft" in page.words
    assert workspace.campaigns.get(draft["_id"])["name"] == "Autumn"
    page.click("Keep mine")
    assert (workspace.campaigns.get(draft["_id"])["name"], page.title) == ("Winter", "Winter")
    workspace.campaigns.update(draft["_id"], rule=visits(7), exclude_segment_ids=[often["_id"]], actor=BEN)
    page.choose("Segment", often["_id"])
    assert "Audience: theirs Visited at least 7 times, yours segment “Often”" in page.words
    page.click("Take theirs")
    workspace.campaigns.update(draft["_id"], name="Autumn", actor=BEN)
    page.choose("Customers of these segments", [])
    assert "Left out segments: theirs “Often”, yours nothing" in page.words
    page.click("Take theirs")
    assert (page.title, page.widget("Campaign name").value) == ("Autumn", "Autumn")


def test_a_segment_deleted_meanwhile_is_a_fault_of_the_first_step(workspace: Services, regulars: Segment) -> None:
    page = Page("new_campaign", segment=regulars["_id"])
    page.choose("Campaign name", "Spring")
    workspace.segments.remove(regulars["_id"], actor=TEST)
    review(page, workspace)
    assert "The segment “Regulars” of this draft was deleted." in page.words
    page.click("Audience")
    assert page.query["step"] == "audience"


def test_a_scheduled_campaign_goes_back_to_a_draft_with_its_start(
    workspace: Services, regulars: Segment, clock: TestClock
) -> None:
    page = Page("new_campaign", segment=regulars["_id"])
    to_step(page, "delivery")
    page.choose("Start", "later")
    (draft,) = workspace.db.campaigns.find()
    start = draft["start_at"]
    assert start > clock.now
    review(page, workspace)
    launch(page)
    scheduled = workspace.campaigns.get(draft["_id"])
    assert (scheduled["state"], scheduled["scheduled_at"]) == ("scheduled", start)
    page = Page("new_campaign", campaign=draft["_id"])
    page.click("Edit it as a draft")
    again = workspace.campaigns.get(draft["_id"])
    assert (again["state"], again["start_at"], "scheduled_at" in again) == ("draft", start, False)
    clock.now = start
    late = Page("new_campaign", campaign=draft["_id"], step="review")
    assert "The time of its start has passed." in late.words
