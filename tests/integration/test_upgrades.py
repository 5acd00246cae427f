"""Data of an earlier form are brought forward before anything uses them, and whoever is killed meanwhile costs nothing.

``data_version_0.json`` is what the program stored before there was a data version.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.model import Campaign
from crm_core.customers.fields import fold_texts
from crm_core.errors import InvalidInput
from crm_core.jobs.model import JobChange
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from crm_core.upgrades.steps import STEPS
from crm_core.upgrades.version import VERSION_ID
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.old_data import OLD


@pytest.fixture
def upgraded(old: Settings, clock: TestClock) -> Iterator[Services]:
    newest = max(campaign["created_at"] for campaign in OLD["campaigns"])
    clock.now = newest.replace(tzinfo=UTC) + timedelta(days=1)
    built = build_services(old, clock=clock)
    yield built
    built.close()


def test_a_new_database_is_of_the_present_version(services: Services) -> None:
    assert services.db.workspace.find_one({"_id": VERSION_ID}) == {"_id": VERSION_ID, "version": len(STEPS)}


def test_an_old_folder_is_brought_forward_and_a_second_start_changes_nothing(upgraded: Services) -> None:
    assert upgraded.db.workspace.find_one({"_id": VERSION_ID}) == {"_id": VERSION_ID, "version": len(STEPS)}
    names = [name for name in upgraded.db.list_collection_names() if not name.startswith("system.")]
    before = {name: list(upgraded.db[name].find()) for name in names}
    upgraded.db.workspace.update_one({"_id": VERSION_ID}, {"$set": {"version": 0}})
    build_services(upgraded.settings).close()
    assert {name: list(upgraded.db[name].find()) for name in names} == before


def test_old_customers_orders_and_segments_are_what_they_were(upgraded: Services) -> None:
    spent = {row["_id"]: row["total_spend_minor"] for row in OLD["customers"]}
    records = [upgraded.customers.customer(customer_id, actor=ASHA) for customer_id in spent]
    assert {each["id"]: int(each["total_spend"] * 100) for each in records} == spent
    assert len(upgraded.customer_search.search("asha", actor=ASHA)) == 12
    sizes = {each["name"]: each["count"] for each in OLD["segments"]}
    assert {each["name"]: upgraded.segments.recount(each["_id"])["count"] for each in OLD["segments"]} == sizes
    kept = {each["name"]: len(upgraded.segments.versions(each["_id"], limit=100)[0]) for each in OLD["segments"]}
    assert kept == {each["name"]: each["version"] for each in OLD["segments"]}
    assert {each["version"] for each in OLD["segments"]} == {1, 2}


def test_old_campaigns_have_known_fields_only_and_their_counts_add_up(upgraded: Services) -> None:
    campaigns, _ = upgraded.campaigns.page(limit=50)
    assert len(campaigns) == len(OLD["campaigns"])
    for campaign in campaigns:
        assert set(campaign) <= set(Campaign.__annotations__)
        nullable = {"subject", "segment_id", "segment_name", "exclude_recent_days", "intent", "exclude_rule"}
        assert {name for name, value in campaign.items() if value is None} <= nullable | {"segment_version"}
        rows = upgraded.db.messages.count_documents({"campaign_id": campaign["_id"]})
        assert upgraded.message_log.stats(campaign["_id"]).audience == rows
    assert all(set(row) <= set(Message.__annotations__) for row in upgraded.db.messages.find())
    assert upgraded.db.messages.count_documents({"channel": {"$exists": False}}) == 0


def test_an_old_paused_campaign_goes_on_to_its_end(upgraded: Services, clock: TestClock) -> None:
    rig = Rig(upgraded)
    paused = next(each["_id"] for each in OLD["campaigns"] if each["name"] == "Paused")
    upgraded.campaigns.resume(paused, actor=ASHA)
    rig.finish(clock)
    stats = upgraded.message_log.stats(paused)
    assert upgraded.campaigns.get(paused)["state"] == "completed"
    assert (stats.audience, stats.by_state["pending"]) == (len(rows_of(paused)), 0)  # type: ignore[index]


def rows_of(campaign_id: str) -> list[dict[str, Any]]:
    return [row for row in OLD["messages"] if row["campaign_id"] == campaign_id]


def test_old_imports_rehearsals_and_demo_loads_are_jobs(upgraded: Services) -> None:
    assert {"imports", "rehearsals"}.isdisjoint(upgraded.db.list_collection_names())
    imports = {job["name"]: (job["state"], job["records"]) for job in upgraded.imports.recent(actor=ASHA)}
    assert imports == {"orders.csv": ("failed", "orders"), "people.csv": ("cancelled", "customers")}
    rehearsals, _ = upgraded.rehearsals.page(OLD["rehearsals"][0]["campaign_id"], limit=10)
    assert [job["state"] for job in rehearsals] == ["failed", "failed"]
    assert all("ask for it again" in job["failure"] for job in rehearsals)
    assert not upgraded.demo_jobs.is_running()
    assert all(row["expires_at"] for row in upgraded.db.jobs.find())
    assert all(set(job) <= {"_id", *JobChange.__annotations__} for job in upgraded.db.jobs.find())


def test_the_old_audit_log_says_what_kind_of_actor_acted(upgraded: Services) -> None:
    kinds = {row["actor"]: row["actor_kind"] for row in upgraded.db.audit.find()}
    assert kinds == {"asha": "user", "bela": "user", "system": "system"}


def test_old_plain_days_among_attributes_are_days_and_no_instants(old: Settings, services: Services) -> None:
    db = services.db.client["test_old"]
    stored = {"day": "1990-06-15", "born": "1990-06-15T23:30:00-01:00", "kinds": ["1990-06-15"], "points": 3}
    instants = {"day": datetime(1990, 6, 15, tzinfo=UTC), "born": datetime(1990, 6, 16, 0, 30, tzinfo=UTC)}
    db.customers.update_one({"_id": "c0"}, {"$set": {"attributes": stored, "folded.dates": instants}})
    build_services(old).close()
    customer = db.customers.find_one({"_id": "c0"})
    assert customer
    assert customer["folded"]["dates"] == {**instants, "day": "1990-06-15"}
    assert customer["folded"]["dates"] == fold_texts(customer)["dates"]


def test_data_of_a_newer_program_stop_the_start_and_say_so(services: Services) -> None:
    services.db.workspace.update_one({"_id": VERSION_ID}, {"$set": {"version": len(STEPS) + 1}}, upsert=True)
    with pytest.raises(InvalidInput, match="written by a newer ClientNest"):
        build_services(services.settings)


def test_old_addresses_have_keys_and_of_two_messages_to_one_the_first_has_it(
    old: Settings, services: Services, clock: TestClock
) -> None:
    db = services.db.client["test_old"]
    said = {"email": {"state": "denied"}, "sms": {"state": "granted"}}
    changed = {"email": "Twin@Example.com", "phone": "(415) 555-0154", "country": "United States", "consent": said}
    db.customers.update_many({"_id": {"$in": ["c0", "c1"]}}, {"$set": changed})
    for name, rank in (("c0", 6), ("c1", 2), ("c2", 1)):
        row = {"_id": f"mail:{name}", "campaign_id": "mail", "customer_id": name, "channel": "email", "rank": rank}
        db.messages.insert_one({**row, "created_at": clock.now})
    db.customers.update_one({"_id": "c2"}, {"$set": {"email": " twin@example.com"}})
    build_services(old).close()
    customer = db.customers.find_one({"_id": "c1"}) or {}
    assert customer["address_keys"] == ["email:twin@example.com", "phone:+14155550154"]
    assert customer["refused"] == ["email"]
    keys = {row["_id"]: row.get("address_key") for row in db.messages.find({"campaign_id": "mail"})}
    assert keys == {"mail:c0": None, "mail:c1": "twin@example.com", "mail:c2": None}
