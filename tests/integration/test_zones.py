"""The workspace's time zone: which segments another one changes, what a launch freezes, and months of charts."""

from zoneinfo import ZoneInfo

from crm_core.audience.zone_effects import ZoneEffect
from crm_core.infra.streams import Stream
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.insights import rows
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import make_entry
from tests.integration.population import field, group
from tests.workspace import set_workspace

NEW_YEAR = field("last_order_at", "on", "2026-01-01")
EARLY, LATE = "2025-12-31T19:00:00Z", "2026-01-01T19:00:00Z"
"""In India the first is the new year, the second the day after."""
INDIA = ZoneInfo("Asia/Kolkata")


def store_orders(services: Services) -> None:
    orders = [("early", EARLY), ("late", LATE), ("noon", "2026-01-01T12:00:00Z")]
    services.persister.store(
        [
            make_entry(Stream.ORDERS, {"id": f"o-{name}", "customer_id": name, "amount": 1, "ordered_at": at})
            for name, at in orders
        ]
    )


def test_segments_with_a_date_are_counted_in_both_zones_and_others_are_left_out(services: Services) -> None:
    store_orders(services)
    dated = services.segments.save("New year", load_rule(NEW_YEAR), actor=ASHA)
    after = field("last_order_at", "after", "2026-01-01")
    uses = group("any", {"kind": "segment", "segment_id": dated["_id"]}, after)
    services.segments.save("Either", load_rule(uses), actor=ASHA)
    services.segments.save("Window", load_rule(field("last_order_at", "in_last_days", 900)), actor=ASHA)
    services.segments.save("Set", load_rule(field("last_order_at", "is_set")), actor=ASHA)
    found = services.zone_effects.of(INDIA)
    assert [(each.name, each.before, each.after) for each in found] == [("Either", 2, 3), ("New year", 2, 2)]
    assert found[1] == ZoneEffect(dated["_id"], "New year", 2, 2)


def test_a_date_is_a_day_of_the_workspace_in_previews_and_explanations(services: Services) -> None:
    store_orders(services)
    rule = load_rule(NEW_YEAR)
    assert services.audience.preview(rule).count == 2
    set_workspace(services, time_zone="Asia/Kolkata")
    assert [each["id"] for each in services.audience.preview(rule, sample=3).sample] == ["early", "noon"]
    assert services.memberships.explain("early", rule, actor=ASHA).matches
    assert not services.memberships.explain("late", rule, actor=ASHA).matches


def test_a_launch_freezes_the_zone_that_its_dates_are_days_in(services: Services, clock: TestClock) -> None:
    store_orders(services)
    set_workspace(services, time_zone="Asia/Kolkata")
    rig = Rig(services)
    campaign = rig.launch(rig.draft(load_rule(NEW_YEAR)))
    set_workspace(services, time_zone="UTC")
    rig.finish(clock)
    assert sorted(message["to"] for message in rig.vendor.accepted.values()) == ["early", "noon"]
    assert services.campaigns.get(campaign)["time_zone"] == "Asia/Kolkata"


def test_a_campaign_from_before_there_were_zones_goes_by_utc(services: Services, clock: TestClock) -> None:
    store_orders(services)
    set_workspace(services, time_zone="Asia/Kolkata")
    rig = Rig(services)
    campaign = rig.launch(rig.draft(load_rule(NEW_YEAR)))
    services.db.campaigns.update_one({"_id": campaign}, {"$unset": {"time_zone": ""}})
    rig.finish(clock)
    assert sorted(message["to"] for message in rig.vendor.accepted.values()) == ["late", "noon"]


def test_revenue_is_summed_by_months_of_the_workspace(services: Services) -> None:
    store_orders(services)
    set_workspace(services, time_zone="Asia/Kolkata")
    before, month = rows(services, "revenue_by_month", from_="2025-12-31", to="2026-01-01")
    assert (str(before["month"]), before["orders"]) == ("2025-12-01", 0)
    assert (str(month["month"]), month["orders"]) == ("2026-01-01", 3)
