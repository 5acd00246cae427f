"""Compare campaigns: from the rows that are chosen, by link, to figures side by side."""

from typing import Any

from crm_core.campaigns.messages.rows import new_row, row_id
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.ui.deliveries import Rows, draft, launched
from tests.ui.page import Page
from tests.ui.tables import data_of, links_of, rows_of

M = MessageState
LABEL = "Campaigns side by side"
SPRING: Rows = {
    (M.DELIVERED, None): 6,
    (M.OPENED, None): 2,
    (M.CLICKED, None): 1,
    (M.FAILED, "unreachable"): 1,
    (M.SKIPPED, "no_consent"): 3,
    (M.HELD_OUT, None): 2,
}


def compare(*ids: str) -> Page:
    return Page("compare_campaigns", campaigns=",".join(ids))


def choose(page: Page, *ids: str) -> None:
    """As a click on the boxes of the table does."""
    table = next(each for each in page.test.get("bidi_component") if "campaigns_table" in each.proto.id)
    assert table.key
    page.test.session_state[table.key] = {"chosen": list(ids)}
    page.run()


def test_figures_stand_side_by_side_with_rates_and_lead_on(workspace: Services) -> None:
    spring = launched(workspace, SPRING, name="Spring", is_done=True)
    autumn = launched(workspace, {(M.DELIVERED, None): 1, (M.OPENED, None): 3}, name="Autumn", is_done=True)
    page = compare(autumn, spring)
    assert [row["Campaign"] for row in rows_of(page, LABEL)] == ["Autumn", "Spring"]
    assert {name: value for name, value in rows_of(page, LABEL)[1].items() if name != "When"} == {
        "Campaign": "Spring",
        "Audience": "15",
        "Sent": "10",
        "Delivered": "9 · 90.0 %",
        "Opened": "3 · 33.3 %",
        "Clicked": "1 · 11.1 %",
        "Failed": "1 · 10.0 %",
        "Skipped": "3 · 20.0 %",
        "Held out": "2 · 13.3 %",
    }
    bars = [[cell["bar"] for cell in row["cells"] if cell["bar"] is not None] for row in data_of(page, LABEL)["rows"]]
    assert bars == [[1.0, 0.75, 0.0], [0.9, 3 / 9, 1 / 9]]
    assert links_of(page, LABEL) == [f"campaign?campaign={each}" for each in (autumn, spring)]


def test_each_variant_has_a_row_below_its_campaign(workspace: Services) -> None:
    tried = launched(workspace, {(M.DELIVERED, None): 2, (M.OPENED, None): 1}, name="Tried", is_done=True)
    texts = [{"name": name, "message": f"Text {name}", "weight": 50} for name in "AB"]
    workspace.db.campaigns.update_one({"_id": tried}, {"$set": {"variants": texts}})
    for place, name in enumerate("ABB"):
        workspace.db.messages.update_one({"_id": row_id(tried, f"c{place:03}")}, {"$set": {"variant": name}})
    plain = launched(workspace, {(M.FAILED, "busy"): 1}, name="Plain", is_done=True)
    page = compare(tried, plain)
    rows = [(row["Campaign"], row["Audience"], row["Delivered"], row["Opened"]) for row in rows_of(page, LABEL)]
    assert rows == [
        ("Tried", "3", "3 · 100.0 %", "1 · 33.3 %"),
        ("A: Text A", "1", "1 · 100.0 %", "0 · 0.0 %"),
        ("B: Text B", "2", "2 · 100.0 %", "1 · 50.0 %"),
        ("Plain", "1", "0 · 0.0 %", "–"),
    ]
    assert links_of(page, LABEL)[1:3] == ["", ""]


def test_a_draft_has_no_figures_yet(workspace: Services) -> None:
    page = compare(draft(workspace, "Idea"), launched(workspace, SPRING))
    idea = rows_of(page, LABEL)[0]
    assert {idea[name] for name in ("Audience", "Sent", "Delivered", "Failed", "Skipped", "Held out")} == {"–"}


def test_the_figures_are_those_of_the_log_as_it_is_now(workspace: Services) -> None:
    running = launched(workspace, {(M.DELIVERED, None): 1})
    page = compare(running, draft(workspace))
    workspace.message_log.insert(
        [new_row(running, "new", channel="in_app", at=workspace.clock(), state=M.FAILED, reason="busy")]
    )
    page.run()
    assert rows_of(page, LABEL)[0]["Failed"] == "1 · 50.0 %"


def test_a_link_to_campaigns_that_are_not_there_says_so(workspace: Services) -> None:
    spring = launched(workspace, SPRING)
    page = compare(spring, "gone", spring)
    assert "1 campaign of this link is not there any more." in page.errors
    assert len(rows_of(page, LABEL)) == 1
    assert "There is no such campaign" in compare("gone", "lost").words
    assert "There is no such campaign" in compare().words


def test_two_to_five_chosen_campaigns_are_compared(workspace: Services) -> None:
    ids = [draft(workspace, f"Idea {place}") for place in range(6)]
    page = Page("campaigns")
    offered: dict[int, Any] = {}
    for count in (1, 2, 5, 6):
        choose(page, *ids[:count])
        found = [button.disabled for button in page.test.button if button.label == "Compare"]
        offered[count] = found
    assert offered == {1: [], 2: [False], 5: [False], 6: [True]}
    choose(page, *ids[:2])
    page.click("Compare")
    assert page.title == "Compare campaigns"
    assert {row["Campaign"] for row in rows_of(page, LABEL)} == {"Idea 0", "Idea 1"}
    assert "The first 5 of the link are shown." in compare(*ids).words
