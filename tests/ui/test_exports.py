"""Exports on the pages: asked for of a segment, of the rules on the board and of everybody, followed, taken."""

import pytest

from crm_core.access.permissions import Role
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from pages._ui.links import PageName
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.exporting import export, rows_of, take
from tests.integration.job_rig import jobs_worker
from tests.integration.population import field
from tests.ui.builder import builder_with
from tests.ui.page import Page, plain
from tests.ui.shop import Shop

EXPORT = "Export customers"


@pytest.fixture
def regulars(shop: Shop, workspace: Services) -> int:
    """A segment; returns how many are in it."""
    workspace.segments.save("Regulars *", load_rule(field("visits", "gte", 5)), actor=TEST)
    return shop.count(lambda who, _: who["visits"] >= 5)


def downloads(page: Page) -> dict[str, str]:
    """Address and label of each file that is offered."""
    links = page.test.get("link_button")
    return {link.proto.url: link.proto.label for link in links if link.proto.url.startswith("/exports/")}


def test_a_segment_is_exported_followed_and_taken(regulars: int, workspace: Services, clock: TestClock) -> None:
    page = Page("segments")
    assert not page.test.expander
    page.click(EXPORT)
    assert "Waits for the jobs worker" in page.words
    (job,) = workspace.exports.recent(actor=TEST)
    workspace.db.jobs.update_one({}, {"$set": {"state": "running", "done": 3, "total": 9}})
    assert "3 of 9 customers" in Page("segments").words
    workspace.db.jobs.update_one({}, {"$set": {"done": 0}})
    jobs_worker(workspace).run_once()
    page = Page("segments")
    assert f"{regulars} customers · " in page.words
    assert "just now, for local admin" in page.words
    assert downloads(page) == {f"/exports/{job['_id']}": "Download CSV"}
    (shown,) = page.test.expander
    assert (shown.label, shown.proto.expanded) == ("Exports of the last day", True)
    clock.advance(minutes=11)
    assert not Page("segments").test.expander[0].proto.expanded, "yesterday's news stand in nobody's way"
    assert len(rows_of(take(workspace, job["_id"]))) == regulars


def test_an_export_is_cancelled_on_the_page(regulars: int, workspace: Services) -> None:
    page = Page("segments")
    page.click(EXPORT)
    page.click("Cancel export")
    page = Page("segments")
    assert "Cancelled by local admin" in page.words
    assert downloads(page) == {}


def test_a_file_that_is_gone_is_not_offered(regulars: int, workspace: Services, clock: TestClock) -> None:
    page = Page("segments")
    page.click(EXPORT)
    jobs_worker(workspace).run_once()
    clock.advance(hours=25)
    page = Page("segments")
    assert downloads(page) == {}
    assert not page.test.expander


def test_an_export_that_failed_says_why(regulars: int, workspace: Services) -> None:
    Page("segments").click(EXPORT)
    change = {"state": "failed", "failure": "It was *given up*.", "finished_at": workspace.clock()}
    workspace.db.jobs.update_one({}, {"$set": change})
    assert "Failed. It was *given up*." in Page("segments").words


def test_the_rules_on_the_board_are_exported(shop: Shop, workspace: Services) -> None:
    page = builder_with("Total spend")
    assert page.button("Export").disabled, "a rule without a value would export more than is meant"
    page = Page("audience_builder")
    page.click("Export")
    assert f"**{len(shop.customers)}** customers now." in page.words
    page.click(EXPORT, dialog="Export")
    page.follow_to("segments")
    assert "All customers" in page.words
    jobs_worker(workspace).run_once()
    (job,) = workspace.exports.recent(actor=TEST)
    assert len(rows_of(take(workspace, job["_id"]))) == len(shop.customers)


def test_everybody_is_exported_from_the_customers_page(shop: Shop, workspace: Services) -> None:
    page = Page("customers")
    page.click("Export all customers")
    assert "Waits for the jobs worker" in page.words
    jobs_worker(workspace).run_once()
    assert f"{len(shop.customers)} customers · " in Page("customers").words


@pytest.mark.parametrize("name", ["segments", "audience_builder"])
def test_a_viewer_sees_who_may_export(regulars: int, workspace: Services, name: PageName) -> None:
    viewer = workspace.users.invite("vic@example.com", Role.VIEWER, actor=TEST)
    page = Page(name, user=viewer.id)
    (button,) = [each for each in page.test.button if each.label in {EXPORT, "Export"}]
    assert button.disabled
    assert plain(button.help) == "To export customers takes the role analyst or marketer or admin."


def test_an_exported_file_needs_no_mapping_and_its_reader_is_told_of_totals(shop: Shop, workspace: Services) -> None:
    text = export(workspace)
    page = Page("data")
    page.test.file_uploader[0].set_value(("all-customers.csv", text.encode(), "text/csv"))
    page.run()
    assert f"{len(shop.customers)} would be taken" in page.words
    assert "Left out, because ClientNest computes them: avg_order_value, last_order_at," in page.words
    assert "Taken as the history before your data: visits, total_spend, order_count." in page.words
    assert not page.errors
    page.click(f"Import {len(shop.customers)} customers")
    (job,) = workspace.imports.recent(actor=TEST)
    assert (job["state"], job["total"]) == ("queued", len(shop.customers))
