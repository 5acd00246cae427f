"""The Audit log page: entries in words, one in full, filters, pages, export; for admins only."""

from datetime import date

from crm_core.access.audit_reading import Topic
from crm_core.access.permissions import Role
from crm_core.rules.text.parsing import parse_text
from crm_core.services import Services
from tests.actors import ASHA, BEN
from tests.conftest import TestClock
from tests.ui.page import Page
from tests.ui.tables import rows_of
from tests.workspace import set_workspace

TABLE = "Audit log"


def whats(page: Page) -> list[str]:
    return [row["What"] for row in rows_of(page, TABLE)]


def test_entries_are_shown_in_words(workspace: Services) -> None:
    workspace.users.invite("ada@example.com", Role.ANALYST, actor=BEN)
    set_workspace(workspace, frequency_cap=3)
    page = Page("audit_log")
    setting, invited = rows_of(page, TABLE)
    assert (invited["What"], invited["Who"]) == ("Invited a user", "ben")
    assert invited["Details"] == "email: ada@example.com; role: analyst"
    assert (setting["What"], setting["Details"], setting["When"]) == (
        "Changed settings",
        "frequency cap: 3",
        "just now",
    )


def test_an_empty_log_says_so(workspace: Services) -> None:
    assert "Nothing of that kind was done, or not in that time." in Page("audit_log").words


def test_an_entry_shows_before_and_after(workspace: Services) -> None:
    context = workspace.rule_contexts.context()
    segment = workspace.segments.save("Loyal", parse_text("visits > 5", context), actor=ASHA)
    workspace.segments.change(segment["_id"], rule=parse_text("visits > 7", context), actor=ASHA)
    entry = workspace.db.audit.find_one({"action": "segment.change"})
    assert entry
    page = Page("audit_log", entry=str(entry["_id"]))
    for words in ("Changed a segment", "Name: Loyal", "Visited more than 5 times", "Visited more than 7 times"):
        assert words in page.words.replace("**", "")
    assert "There is no audit entry with the id 'x'." in Page("audit_log", entry="x").errors


def test_it_is_filtered(workspace: Services, clock: TestClock) -> None:
    workspace.users.invite("ada@example.com", Role.ANALYST, actor=BEN)
    clock.advance(days=1)
    set_workspace(workspace, frequency_cap=3)
    page = Page("audit_log")
    page.choose("About", Topic.PEOPLE)
    assert whats(page) == ["Invited a user"]
    page.choose("About", "everything")
    page.choose("Who", "ash")
    assert whats(page) == ["Changed settings"]
    page.choose("Who", "")
    page.choose("On", "settings")
    assert whats(page) == ["Changed settings"]
    page.choose("On", "")
    page.choose("Days", (date(2026, 6, 15), date(2026, 6, 15)))
    assert whats(page) == ["Invited a user"]


def test_pages_lead_to_older_entries_and_back(workspace: Services, clock: TestClock) -> None:
    for number in range(30):
        clock.advance(seconds=1)
        workspace.audit.record(ASHA, "x.y", str(number))
    page = Page("audit_log")
    assert len(rows_of(page, TABLE)) == 25
    page.click("Older")
    assert len(rows_of(page, TABLE)) == 5
    assert page.button("Older").disabled
    page.choose("Who", "asha")
    assert len(rows_of(page, TABLE)) == 25
    page.click("Older")
    page.click("Newer")
    assert len(rows_of(page, TABLE)) == 25
    assert page.button("Newer").disabled


def test_a_refused_link_and_a_refused_click_are_in_it(workspace: Services) -> None:
    viewer = workspace.users.invite("vic@example.com", Role.VIEWER, actor=BEN)
    page = Page("audit_log", user=viewer.id)
    assert "vic@example.com is a viewer; to read the audit log takes the role admin." in page.errors
    workspace.audit_counts.write()
    (row,) = workspace.db.audit_counts.find()
    assert (row["actor"], row["action"], row["target"]) == ("vic@example.com", "access.refused", "read the audit log")
