"""Customer: profile, consent with what may be sent, totals, timeline, and segments with why."""

from datetime import timedelta
from typing import Any

import pytest

from crm_core.audience.model import Segment
from crm_core.campaigns.messages.rows import new_row
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import TEST
from tests.conftest import TestClock
from tests.integration.feeding import START, make_entry, store, store_customers, store_orders
from tests.integration.population import field, group
from tests.ui.page import Page
from tests.ui.tables import exact_of, leads_of, links_of, rows_of, tables_on

ASHA: dict[str, Any] = {
    "id": "a/1",
    "name": "Asha *Mehta*",
    "email": "asha@example.com",
    "city": "Pune",
    "tags": ["VIP", "early"],
    "loyalty_member": True,
    "cart_value": 12.5,
    "visits": 1234,
    "attributes": {"shoe_size": 42, "vegan": False, "likes": ["a", "b"], "birthday": "2000-02-29"},
    "consent": {"email": "granted", "sms": "denied", "push": "unknown"},
}
SPENT = field("total_spend", "gt", 1000)
IN_PUNE = field("city", "in", ["Pune"])


@pytest.fixture
def asha(workspace: Services) -> Services:
    """A customer with three orders, one of them cancelled, and a visit."""
    store_customers(workspace, ASHA)
    store_orders(
        workspace,
        *(
            {
                "id": name,
                "customer_id": "a/1",
                "amount": amount,
                "status": status,
                "ordered_at": at.isoformat(),
                "category": "Books",
            }
            for name, amount, status, at in (
                ("o1", 57.2, "delivered", START - timedelta(days=60)),
                ("o2", 1200, "confirmed", START - timedelta(days=1)),
                ("o3", 9, "cancelled", START),
            )
        ),
    )
    visit = {"id": "e1", "customer_id": "a/1", "type": "cart_abandoned", "at": START.isoformat()}
    store(workspace, [make_entry(Stream.EVENTS, visit | {"properties": {"last_page": "/shoes"}})])
    return workspace


def open_customer(customer_id: str = "a/1", **query: str) -> Page:
    return Page("customer", customer=customer_id, **query)


def save(services: Services, name: str, rule: dict[str, Any]) -> Segment:
    return services.segments.save(name, load_rule(rule), actor=TEST)


def expanders(page: Page) -> list[str]:
    return [shown.label for shown in page.test.expander]


def test_the_profile_has_labels_and_no_empty_fields(asha: Services) -> None:
    page = open_customer()
    assert page.title == "Asha *Mehta*"
    assert "Customer id a/1" in page.words
    for words in ("asha@example.com", "Pune", "VIP, early", "$12.50", "2000-02-29\na, b\n42\nNo\n"):
        assert words in page.words
    for label in (
        "E-mail",
        "City",
        "Tags",
        "Loyalty member",
        "Cart value",
        "Customer since",
        "Birthday\nLikes\nShoe size\nVegan",
    ):
        assert label in page.words
    for label in ("Phone", "Country", "Favourite category"):
        assert label not in page.words


def test_a_customer_known_by_orders_alone_has_the_id_as_title(workspace: Services) -> None:
    store_orders(workspace, {"id": "o1", "customer_id": "c9", "amount": 5})
    page = open_customer("c9")
    assert page.title == "c9"
    assert "Customer id" not in page.words
    assert "Attributes" not in page.words


def test_totals_are_those_of_the_orders(asha: Services) -> None:
    page = open_customer()
    assert [page.metric(label) for label in ("Spend", "Orders", "Average order", "Visits")] == [
        "$1,257.20",
        "2",
        "$628.60",
        "1,234",
    ]
    assert page.metric("First order") == "2 months ago"
    assert page.metric("Last order") == "2 weeks ago"
    hints = {shown.label: shown.help for shown in page.test.metric}
    assert hints["Last order"] == "2026-05-31 00:00:00 UTC"


def test_without_orders_there_is_no_average_and_no_last_order(workspace: Services) -> None:
    store_customers(workspace, {"id": "c1"})
    page = open_customer("c1")
    assert [page.metric(label) for label in ("Spend", "Average order", "Last order")] == ["$0.00", "–", "–"]
    assert "Nothing yet: no order, no event, no message." in page.words


def test_orders_events_and_messages_stand_in_one_timeline_the_newest_first(asha: Services, clock: TestClock) -> None:
    campaign = asha.campaigns.create(name="Spring", channel="in_app", message="Hi", rule=load_rule(IN_PUNE), actor=TEST)
    row = new_row(campaign["_id"], "a/1", channel="in_app", at=clock() - timedelta(hours=1))
    asha.message_log.insert([row | {"rank": MessageState.SKIPPED.rank, "reason": "no_consent", "skipped_at": clock()}])
    page = open_customer()
    rows = rows_of(page, "Timeline")
    assert [(row["What"], row["Details"], row["Amount"]) for row in rows] == [
        ("Spring", "In-app · Skipped: no consent", ""),
        ("Cart abandoned", "last page: /shoes", ""),
        ("Order", "Cancelled · Books · o3", "$9.00"),
        ("Order", "Confirmed · Books · o2", "$1,200.00"),
        ("Order", "Delivered · Books · o1", "$57.20"),
    ]
    assert rows[0]["When"] == "1 hour ago"
    assert exact_of(page, "Timeline")[-1] == "2026-04-02 00:00:00 UTC"
    assert links_of(page, "Timeline") == [f"campaign?campaign={campaign['_id']}", "", "", "", ""]


def test_the_timeline_says_what_was_refunded_and_shows_returns_below_zero(workspace: Services) -> None:
    orders = [
        {"id": "o1", "amount": 100, "refunded": 30, "ordered_at": "2026-05-01", "items": [{"name": "CD"}]},
        {"id": "r1", "amount": 20, "status": "returned", "ordered_at": "2026-05-02"},
    ]
    store_orders(workspace, *({"customer_id": "c1", **order} for order in orders))
    page = open_customer("c1")
    assert [(row["What"], row["Details"], row["Amount"]) for row in rows_of(page, "Timeline")] == [
        ("Return", "Returned · r1", "-$20.00"),
        ("Order", "Confirmed · $30.00 refunded · 1 × CD · o1", "$100.00"),
    ]
    assert (page.metric("Spend"), page.metric("Orders")) == ("$50.00", "1")


def test_a_customer_without_a_full_name_has_first_and_last_name_as_the_title(workspace: Services) -> None:
    store_customers(workspace, {"id": "c1", "first_name": "Asha", "last_name": "Mehta"})
    assert open_customer("c1").title == "Asha Mehta"


def test_the_timeline_shows_the_kinds_that_are_chosen(asha: Services) -> None:
    page = open_customer()
    page.choose("customer_kinds", ["event"])
    assert [row["What"] for row in rows_of(page, "Timeline")] == ["Cart abandoned"]
    page.choose("customer_kinds", ["message"])
    assert "Nothing of this kind yet." in page.words
    page.choose("customer_kinds", [])
    assert "Nothing is chosen to be shown." in page.words
    assert tables_on(page) == []


def test_a_message_that_went_to_somebody_with_the_same_address_leads_to_them(workspace: Services) -> None:
    store_customers(workspace, {"id": "c1"}, {"id": "c2", "name": "Bela Shah"})
    for campaign, holder in (("a1", "c2"), ("a2", "gone")):
        row = new_row(campaign, "c1", channel="email", at=START, state=MessageState.SKIPPED, reason="same_address")
        workspace.message_log.insert([row | {"same_address_as": holder}])
    page = open_customer("c1")
    assert {row["Details"] for row in rows_of(page, "Timeline")} == {
        "E-mail · Skipped: same address as",
        "E-mail · Skipped: same address as another customer",
    }
    assert leads_of(page, "Timeline") == [("Bela Shah", "customer?customer=c2")]


def test_the_timeline_goes_on_at_a_click(workspace: Services) -> None:
    store_customers(workspace, {"id": "c1"})
    orders = [{"id": f"o{n:02}", "amount": 1 + n, "ordered_at": f"2026-01-{n + 1:02}"} for n in range(30)]
    store_orders(workspace, *({"customer_id": "c1", **order} for order in orders))
    page = open_customer("c1")
    assert len(rows_of(page, "Timeline")) == 25
    page.click("Show more")
    assert [row["Amount"] for row in rows_of(page, "Timeline")] == [f"${1 + n}.00" for n in reversed(range(30))]
    assert "Show more" not in page.buttons()


def test_consent_says_what_was_said_and_what_may_be_sent_now(asha: Services) -> None:
    words = open_customer().words
    for channel, verdict in (
        ("In-app", "A message may be sent now."),
        ("E-mail", "A message may be sent now."),
        ("SMS", "No message now: no consent."),
        ("WhatsApp", "No message now: no address."),
        ("Push", "No message now: no address."),
    ):
        assert verdict in words.split(f": {channel}**")[1].split("**")[0], channel
    assert words.count("Noted 2 weeks ago by api") == 3


def test_messages_over_a_channel_are_stopped_after_a_question_and_allowed_again(asha: Services) -> None:
    page = open_customer()
    page.button("Stop messages", 1).click()
    page.run()
    assert "gets no **E-mail** message any more" in page.words
    assert asha.suppressions.of(["a/1"]) == {}
    page.button("Stop messages", 1).click()
    page.test.button(key="customer_stop_confirm").click()
    page.run()
    assert list(asha.suppressions.of(["a/1"])["a/1"]) == ["email"]
    assert "E-mail messages are stopped." in page.words
    assert "No message now: suppressed." in page.words
    assert "Stopped just now by local admin: by hand" in page.words
    page.click("Allow again")
    assert asha.suppressions.of(["a/1"]) == {}
    assert "suppressed" not in page.words
    actions = [row["action"] for row in asha.db.audit.find({"target": asha.pseudonyms.of("a/1")}).sort("_id", 1)]
    assert actions == ["suppression.add", "suppression.lift"]


def test_without_segments_the_next_step_is_an_audience(asha: Services) -> None:
    page = open_customer(section="segments")
    assert "No segment yet" in page.words
    page.click("Build an audience")
    assert page.title == "Audience builder"


def test_segments_are_listed_with_a_tick_or_a_cross_and_why(asha: Services) -> None:
    save(asha, "A *poor* one", field("total_spend", "lt", 1000))
    save(asha, "Rich in Pune", group("all", SPENT, IN_PUNE))
    page = open_customer(section="segments")
    first, second = expanders(page)
    assert first == ":green-badge[:material/check: in] **Rich in Pune** · spent \\$1,257\\.20 · city Pune"
    assert second == ":red-badge[:material/close: not in] **A \\*poor\\* one** · spent \\$1,257\\.20"
    assert "In 1 of 2 segments. Evaluated at 12:00:00 UTC." in page.words


def test_a_segment_that_is_chosen_is_explained_condition_by_condition(asha: Services) -> None:
    rich = save(asha, "Rich", field("total_spend", "gt", 5000))
    rule = group("all", {"kind": "segment", "segment_id": rich["_id"]}, group("none", IN_PUNE), group("any"))
    chosen = save(asha, "Both", rule)
    page = open_customer(section="segments")
    page.choose("Segment", chosen["_id"])
    (tree,) = [shown.value for shown in page.test.markdown if shown.value.startswith("- ")]
    no, yes = ":red-badge[:material/close: no]", ":green-badge[:material/check: yes]"
    assert tree.splitlines() == [
        f"- {no} **ALL** of these",
        f"  - {no} Segment **“Rich”**",
        f"    - {no} **Total spend** more than \\$5,000 · has \\$1,257\\.20 · **\\$3,742\\.81 more needed**",
        f"  - {no} **NONE** of these",
        f"    - {yes} **City** is one of “Pune” · has Pune",
        f"  - {no} **ANY** of these: empty, so nobody",
    ]
    assert page.links["Open in builder"] == f"segment={chosen['_id']}"


def test_a_rule_that_became_impossible_does_not_hide_the_others(asha: Services) -> None:
    save(asha, "Impossible", field("attributes.shoe_size", "gt", 1))
    save(asha, "Sound", IN_PUNE)
    store_customers(asha, {"id": "b", "attributes": {"shoe_size": "large"}})
    page = open_customer(section="segments")
    assert ["Sound" in expanders(page)[0], "cannot be evaluated" in expanders(page)[1]] == [True, True]
    assert "declare its type" in page.errors
    assert "In 1 of 2 segments." in page.words


def test_of_many_segments_the_first_50_are_listed_and_any_can_be_chosen(asha: Services) -> None:
    saved = [save(asha, f"Segment {n:02}", field("visits", "gte", n)) for n in range(52)]
    page = open_customer(section="segments")
    assert len(expanders(page)) == 50
    assert "These are the first 50 of 52 by name; choose any above." in page.words
    page.choose("Segment", saved[51]["_id"])
    assert len(expanders(page)) == 1
    assert "Segment 51" in expanders(page)[0]


def test_the_section_is_part_of_the_link(asha: Services) -> None:
    save(asha, "Sound", IN_PUNE)
    page = open_customer()
    assert page.query == {"customer": "a/1", "section": "timeline"}
    page.choose("customer_section", "segments")
    assert page.query["section"] == "segments"
    assert expanders(page)
    assert expanders(open_customer(section="nonsense")) == []
