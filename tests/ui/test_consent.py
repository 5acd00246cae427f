"""The Consent page: who gets no messages and why, found, filtered, suppressed and lifted."""

import pytest

from crm_core.access.permissions import Role
from crm_core.services import Services
from pages.consent.addresses import read_addresses
from tests.actors import ASHA
from tests.integration.campaign_rig import HAS_VISITED
from tests.integration.feeding import store_customers
from tests.ui.page import Page
from tests.ui.tables import links_of, rows_of

TABLE = "Suppressed"


@pytest.fixture
def people(workspace: Services) -> Services:
    store_customers(
        workspace,
        {"id": "c1", "name": "Asha Rao", "email": "asha@x.io", "consent": {"email": "denied", "sms": "denied"}},
        {"id": "c2", "name": "Ben Diaz", "email": "ben@x.io", "phone": "+49 30 123456"},
    )
    campaign = workspace.campaigns.create(actor=ASHA, name="Spring", channel="in_app", message="Hi", rule=HAS_VISITED)
    source = f"campaign:{campaign['_id']}"
    workspace.suppressions.add_address("email", "Ben@X.io", reason="hard_bounce", actor=ASHA, source=source)
    workspace.suppressions.add("c1", "in_app", reason="manual", actor=ASHA)
    return workspace


def whom(page: Page) -> list[str]:
    return [row["Customer or address"] for row in rows_of(page, TABLE)]


def test_suppressions_are_listed_with_reason_source_and_time(people: Services) -> None:
    page = Page("consent")
    assert "2 suppressions" in page.words
    first, second = sorted(rows_of(page, TABLE), key=lambda row: row["Customer or address"])
    assert first | {"Since": ""} == {
        "Customer or address": "Asha Rao",
        "Channel": "In-app",
        "Reason": "By hand",
        "Source": "asha",
        "Since": "",
    }
    assert (second["Customer or address"], second["Reason"], second["Source"]) == (
        "ben@x.io",
        "Hard bounce",
        "Campaign Spring",
    )
    links = links_of(page, TABLE)
    assert not [link for link in links if "ben@" in link or "ben%40" in link or link.endswith("=c1")], (
        "a link names nobody"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [("BEN@x.io", ["ben@x.io"]), ("diaz", ["ben@x.io"]), ("c1", ["Asha Rao"]), ("c2", ["ben@x.io"])],
)
def test_they_are_found_by_address_name_and_id(people: Services, text: str, expected: list[str]) -> None:
    page = Page("consent")
    page.choose("Search", text)
    assert whom(page) == expected


def test_they_are_filtered_by_channel_and_reason(people: Services) -> None:
    page = Page("consent")
    page.choose("Channel", "email")
    assert whom(page) == ["ben@x.io"]
    page.choose("Reason", "complaint")
    assert "No entry is of this kind" in page.words


def test_denials_are_listed_and_lead_to_the_customer(people: Services) -> None:
    page = Page("consent", section="denied")
    (row,) = rows_of(page, "Consent denied")
    assert (row["Customer"], row["Address"], row["Channel"]) == ("Asha Rao", "asha@x.io", "E-mail, SMS")
    assert links_of(page, "Consent denied") == ["customer?customer=c1"]
    page.choose("Channel", "push")
    assert "No entry is of this kind" in page.words


def test_one_is_lifted_after_it_was_said_what_that_means(people: Services) -> None:
    token = next(link.partition("=")[2] for link in links_of(Page("consent"), TABLE) if link)
    page = Page("consent", entry=token)
    assert "where consent allows it. Consent itself does not change" in page.words
    page.test.query_params = {"entry": token}
    page.click("Lift")
    assert people.db.suppressions.count_documents({}) == 1


def test_an_address_is_suppressed_by_hand(people: Services) -> None:
    page = Page("consent")
    page.click("Suppress …")
    page.choose("consent_whom", "New@x.io", dialog="Suppress …")
    page.click("Suppress", dialog="Suppress …")
    row = people.db.suppressions.find_one({"_id": "@email:new@x.io"}) or {}
    assert (row.get("reason"), row.get("created_by"), row.get("channel")) == ("manual", "local admin", "email")


def test_an_analyst_reads_and_changes_nothing(people: Services) -> None:
    analyst = people.users.invite("ana@example.com", Role.ANALYST, actor=ASHA).id
    page = Page("consent", user=analyst)
    assert len(whom(page)) == 2
    assert not {"Suppress …", "Import addresses …"} & set(page.buttons())


@pytest.mark.parametrize(
    ("text", "place", "addresses", "left_out"),
    [
        ("a@x.io\nb@x.io\n\nno\n", "email", ["a@x.io", "b@x.io"], 1),
        ("Name;Mail\nAnn;a@x.io\nBob;\nAnn;a@x.io\n", "email", ["a@x.io"], 1),
        ("phone,id\n(415) 555-0154,1\n+49 30 123456,2\n", "phone", ["(415) 555-0154", "+49 30 123456"], 0),
        ("", "email", [], 0),
    ],
)
def test_addresses_of_a_file_are_those_of_its_column(
    text: str, place: str, addresses: list[str], left_out: int
) -> None:
    found = read_addresses(text.encode(), place)
    assert (found.addresses, found.left_out) == (addresses, left_out)
