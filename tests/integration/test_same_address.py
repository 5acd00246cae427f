"""A campaign writes to an address once, whatever ends and begins again; what a vendor says of it holds for the next."""

from typing import Any

import pytest

from crm_core.audience.suppressions import MAX_ADDRESSES
from crm_core.campaigns.planning.split import places
from crm_core.errors import InvalidInput
from crm_core.infra.streams import Stream
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Crash, Rig, receipt
from tests.integration.feeding import make_entry, store_customers

TWINS = [
    {"id": f"sa{n}", "visits": 1, "email": email} for n, email in enumerate(("twin@x.io", "Twin@X.io", "o@x.io"), 1)
]


@pytest.fixture
def twins(services: Services) -> Rig:
    """Two customers of one address, and another one."""
    store_customers(services, *TWINS)
    return Rig(services)


def mail(rig: Rig, **more: Any) -> str:
    return rig.launch(rig.draft(channel="email", subject="s", **more))


def run(rig: Rig) -> None:
    rig.plan()
    rig.deliver()


def shown(rig: Rig, campaign: str) -> dict[str, tuple[str, str | None, str | None]]:
    """Customer to state, reason and whose address it is, as the API shows them."""
    rows, _ = rig.services.message_list.page(campaign, actor=ASHA, limit=10)
    assert not any("address_key" in row for row in rows)
    return {row["customer_id"]: (row["state"], row.get("reason"), row.get("same_address_as")) for row in rows}


def test_the_second_customer_of_an_address_is_skipped_and_names_the_first(twins: Rig) -> None:
    campaign = mail(twins)
    run(twins)
    skipped = ("skipped", "same_address", "sa1")
    assert shown(twins, campaign) == {"sa1": ("sent", None, None), "sa2": skipped, "sa3": ("sent", None, None)}
    assert twins.vendor.asked == {"twin@x.io": 1, "o@x.io": 1}


def test_a_no_by_anybody_with_the_address_counts_for_all(twins: Rig) -> None:
    store_customers(twins.services, {"id": "sa9", "email": " TWIN@x.io".strip(), "consent": {"email": "denied"}})
    campaign = mail(twins)
    run(twins)
    assert shown(twins, campaign)["sa1"] == shown(twins, campaign)["sa2"] == ("skipped", "no_consent", None)
    assert twins.vendor.asked == {"o@x.io": 1}


def test_a_first_customer_who_may_not_be_messaged_leaves_the_address_to_the_second(twins: Rig) -> None:
    store_customers(twins.services, {"id": "sa2", "consent": {"email": "granted"}})
    strict = Rig(twins.services, twins.services.policy.__class__(unknown_may_be_messaged=False))
    campaign = mail(strict)
    run(strict)
    assert shown(strict, campaign)["sa2"] == ("sent", None, None)
    assert strict.vendor.asked == {"Twin@X.io": 1}


@pytest.mark.parametrize("end", ["crash_before", "crash_after"])
def test_an_address_gets_one_message_though_workers_die(twins: Rig, clock: TestClock, end: str) -> None:
    rig = Rig(twins.services, batch_size=1, claim_idle_ms=0)
    campaign = mail(rig)
    rig.plan()
    setattr(rig.vendor, end, True)
    with pytest.raises(Crash):
        rig.deliver()
    rig.finish(clock)
    assert len(rig.vendor.accepted) == 2
    assert shown(rig, campaign)["sa2"] == ("skipped", "same_address", "sa1")


def test_an_address_that_changed_after_planning_is_the_one_that_counts(twins: Rig) -> None:
    campaign = mail(twins)
    twins.plan()
    moved = make_entry(Stream.CUSTOMERS, {"id": "sa3", "email": "TWIN@x.io"}, at=twins.services.clock())
    twins.services.persister.store([moved])
    twins.deliver()
    assert [shown(twins, campaign)[name] for name in ("sa2", "sa3")] == [("skipped", "same_address", "sa1")] * 2


def test_customers_who_swap_addresses_before_a_retry_both_get_theirs(twins: Rig, clock: TestClock) -> None:
    campaign = mail(twins)
    twins.vendor.refused = "busy"
    run(twins)
    for name, email in (("sa1", "o@x.io"), ("sa2", "new@x.io"), ("sa3", "twin@x.io")):
        entry = make_entry(Stream.CUSTOMERS, {"id": name, "email": email}, at=clock())
        twins.services.persister.store([entry])
    twins.vendor.refused = None
    twins.vendor.asked.clear()
    twins.services.campaigns.retry_failed(campaign, actor=ASHA)
    twins.finish(clock)
    assert twins.vendor.asked == {"o@x.io": 1, "twin@x.io": 1}


def test_who_is_held_out_keeps_the_address_from_others(twins: Rig) -> None:
    draft = twins.draft(channel="email", subject="s", holdout_percent=50)
    seed = next(
        s for s in map(str, range(99)) if places(s, "sa1")[0] < 50 < min(places(s, n)[0] for n in ("sa2", "sa3"))
    )
    twins.services.db.campaigns.update_one({"_id": draft}, {"$set": {"seed": seed}})
    run_campaign = twins.launch(draft)
    run(twins)
    assert shown(twins, run_campaign)["sa1"] == ("held_out", None, None)
    assert shown(twins, run_campaign)["sa2"] == ("skipped", "same_address", "sa1")


def test_a_cancelled_row_frees_its_address(twins: Rig) -> None:
    """One that a worker gave back when the campaign was paused."""
    campaign = mail(twins)
    twins.plan()
    given_back = {"$set": {"address_key": "twin@x.io"}}
    twins.services.db.messages.update_one({"_id": f"{campaign}:sa1"}, given_back)
    twins.services.campaigns.cancel(campaign, actor=ASHA)
    twins.plan()
    row = twins.row(campaign, "sa1")
    assert (row["reason"], row.get("address_key")) == ("cancelled", None)


@pytest.mark.parametrize("way", ["answer", "receipt"])
@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("unsubscribed_at_carrier", "unsubscribed"),
        ("marked_as_spam", "complaint"),
        ("mailbox_not_found", "hard_bounce"),
        ("invalid_recipient", "invalid_address"),
        ("busy", None),
    ],
)
def test_what_a_failure_says_of_an_address_holds_for_the_next_campaign(
    twins: Rig, clock: TestClock, way: str, reason: str, meaning: str | None
) -> None:
    services = twins.services
    if way == "answer":
        twins.vendor.refused_at = {"twin@x.io": reason}
    first = mail(twins)
    run(twins)
    if way == "receipt":
        twins.receive(receipt(first, "sa1", "failed", 1, reason=reason), receipt(first, "sa3", "failed", 1))
        clock.advance(days=1)
        twins.receive(receipt(first, "sa1", "failed", 2, reason=reason))
    kept = [{**row, "created_at": row["created_at"] < clock()} for row in services.db.suppressions.find()]
    row = {"_id": "@email:twin@x.io", "address_key": "twin@x.io", "channel": "email", "reason": meaning}
    told = {"source": f"campaign:{first}", "created_at": way == "receipt", "created_by": "system"}
    assert kept == ([row | told] if meaning else [])
    twins.vendor.refused_at = {}
    second = mail(twins)
    run(twins)
    expected = "suppressed" if meaning else None
    assert shown(twins, second)["sa1"][1] == expected
    assert shown(twins, second)["sa3"][0] == "sent"


def test_over_a_channel_without_addresses_it_is_the_customer_who_is_suppressed(twins: Rig) -> None:
    twins.vendor.refused_at = {"sa1": "blocked_by_recipient"}
    twins.launch(twins.draft())
    run(twins)
    assert twins.services.suppressions.of(["sa1", "sa2"])["sa1"]["in_app"]["reason"] == "unsubscribed"


def test_addresses_are_suppressed_in_any_spelling_and_lifted(services: Services, clock: TestClock) -> None:
    suppressions = services.suppressions
    kept = suppressions.add_address("email", " Ann@X.io ", reason="unsubscribed", actor=ASHA, source="unsubscribe link")
    assert (kept["address_key"], kept["source"], kept["created_by"]) == ("ann@x.io", "unsubscribe link", "asha")
    assert suppressions.add_address("email", "ann@x.io", reason="manual", actor=ASHA)["reason"] == "unsubscribed"
    many = ["ann@x.io", "bob@x.io", "BOB@x.io"]
    assert suppressions.add_addresses("email", many, reason="manual", actor=ASHA, source="list.csv") == 1
    assert suppressions.lift_address("email", "ANN@x.io", actor=ASHA)
    assert not suppressions.lift_address("email", "ann@x.io", actor=ASHA)
    with pytest.raises(InvalidInput, match="have no address"):
        suppressions.add_address("in_app", "x", reason="manual", actor=ASHA)
    with pytest.raises(InvalidInput, match="At most 1,000 addresses"):
        suppressions.add_addresses("email", ["a@x.io"] * (MAX_ADDRESSES + 1), reason="manual", actor=ASHA)
    entries = [(row["action"], row["target"]) for row in services.db.audit.find({"action": {"$regex": "^suppr"}})]
    hashed = services.pseudonyms.of("email:ann@x.io")
    assert entries == [("suppression.add", hashed), ("suppression.import", "email"), ("suppression.lift", hashed)]
