"""Deleting a segment on its page: it asks, says what happens, and tells who still uses it."""

from crm_core.rules.loading import load_rule
from crm_core.rules.tree import AnyRule, SegmentRule
from crm_core.services import Services
from tests.actors import TEST
from tests.ui.page import Page

VISITORS: AnyRule = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 1})


def test_a_segment_is_deleted_after_a_question_that_says_what_stays(workspace: Services) -> None:
    segment = workspace.segments.save("Visitors", VISITORS, actor=TEST)
    page = Page("segments")
    page.click("Delete …")
    assert "No customer and no message is deleted" in page.words
    assert workspace.segments.get(segment["_id"])
    page.click("Delete segment", dialog="Delete …")
    assert not workspace.segments.page(limit=200)[0]
    assert "Segment Visitors is deleted" in page.words
    assert "No segment yet" in page.words


def test_a_segment_that_another_one_uses_is_not_deleted_and_its_user_is_named(workspace: Services) -> None:
    used = workspace.segments.save("Visitors", VISITORS, actor=TEST)
    workspace.segments.save("Their friends", SegmentRule(segment_id=used["_id"]), actor=TEST)
    page = Page("segments")
    ask = f"segments_delete_{used['_id']}"
    page.test.button(key=ask).click()
    page.run()
    page.test.button(key=ask).click()  # a full run opens the dialog again by the same button
    page.click("Delete segment")
    assert "“Visitors” is used by “Their friends”. Change or delete it first." in page.errors
    assert len(workspace.segments.page(limit=200)[0]) == 2
