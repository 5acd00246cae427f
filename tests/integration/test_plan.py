"""Who is in a campaign's message log: everybody the rule found, left out with the reason and held out too."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from crm_core.campaigns.drafting.content import content_of
from crm_core.campaigns.messages.model import Message
from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.planning.plan import Plan
from crm_core.campaigns.planning.progress import CLOSING
from crm_core.campaigns.planning.split import places, variant_at
from crm_core.errors import Conflict
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers
from tests.integration.population import field

VARIANTS = [
    {"name": "A", "message": "Hi {{ customer.id }}", "weight": 50},
    {"name": "B", "message": "Bye {{ customer.id }}", "weight": 50},
]
VISITED_TWICE = field("visits", "eq", 2)


class SleepyPlan(Plan):
    """Of a worker that is asleep between reading a chunk and writing its rows, for the first time; meanwhile: what
    happens then."""

    def __init__(self, services: Services, meanwhile: Callable[[], object]) -> None:
        super().__init__(services.audience, services.message_log, services.recipients.address_keys)
        self.meanwhile = meanwhile
        self._has_slept = False

    def rows(self, campaign: Campaign, customer_ids: Sequence[str], *, at: datetime) -> list[Message]:
        if not self._has_slept:
            self._has_slept = True
            self.meanwhile()
        return super().rows(campaign, customer_ids, at=at)


def stored(rig: Rig, campaign: str) -> dict[str, dict[str, Any]]:
    return {row["customer_id"]: row for row in rig.services.db.messages.find({"campaign_id": campaign})}


def test_members_of_segments_excluded_at_launch_have_a_row_with_the_reason(rig: Rig) -> None:
    segments = rig.services.segments
    inner = segments.save("Twice", load_rule(VISITED_TWICE), actor=ASHA)
    named = {"kind": "segment", "segment_id": inner["_id"]}
    outer = segments.save("Out", load_rule(named), actor=ASHA)
    campaign = rig.launch(rig.draft(exclude_segment_ids=[outer["_id"], outer["_id"]]))
    segments.change(inner["_id"], rule=load_rule(field("visits", "gte", 1)), actor=BELA)
    rig.plan()
    rig.deliver()
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert rig.message_log.stats(campaign).skipped_by_reason == {"excluded_segment": 1}
    row = rig.row(campaign, "c4")
    assert (row["rank"], row["reason"], row["skipped_at"]) == (6, "excluded_segment", row["created_at"])


def test_a_launch_whose_excluded_segment_is_gone_says_so_and_leaves_the_draft(rig: Rig) -> None:
    segment = rig.services.segments.save("Twice", load_rule(VISITED_TWICE), actor=ASHA)
    campaign = rig.draft(exclude_segment_ids=[segment["_id"]])
    rig.services.segments.remove(segment["_id"], actor=ASHA)
    with pytest.raises(Conflict, match="“Twice”"):
        rig.launch(campaign)
    assert rig.state(campaign) == "draft"


def test_who_got_anything_within_the_days_is_left_out(rig: Rig, clock: TestClock) -> None:
    day = timedelta(days=1)
    sent = [("c1", 2 * day), ("c2", 3 * day), ("c3", 3 * day + timedelta(milliseconds=1))]
    rows = [new_row("earlier", who, channel="sms", at=clock.now - ago, state=MessageState.SENT) for who, ago in sent]
    rig.message_log.insert(rows)
    campaign = rig.launch(rig.draft(exclude_recent_days=3))
    rig.plan()
    rig.deliver()
    assert rig.message_log.stats(campaign).skipped_by_reason == {"messaged_recently": 2, "no_consent": 1}
    assert rig.vendor.asked.keys() == {"c3", "c6"}


def test_a_variant_has_what_the_campaign_says_where_it_says_nothing_itself(rig: Rig) -> None:
    variants = [{"name": "A"}, {"name": "B", "subject": "Own"}]
    drafted = rig.draft(channel="email", message="Hi", subject="All", variants=variants)
    changed = rig.services.campaigns.update(drafted, actor=ASHA, message="Hello")
    said = [content_of(changed, name) for name in "AB"]
    assert [(each["message"], each["subject"]) for each in said] == [("Hello", "All"), ("Hello", "Own")]
    assert [each["weight"] for each in changed["variants"]] == [50, 50]


def test_holdout_and_variants_follow_the_hash_and_each_variant_says_its_own(
    services: Services, clock: TestClock
) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": 1 + (n == 7)} for n in range(60)))
    rig = Rig(services, chunk=7)
    segment = services.segments.save("Twice", load_rule(VISITED_TWICE), actor=ASHA)
    campaign = rig.launch(
        rig.draft(message=None, variants=VARIANTS, holdout_percent=25, exclude_segment_ids=[segment["_id"]])
    )
    seed = services.campaigns.get(campaign)["seed"]
    rig.finish(clock)
    assert services.campaigns.get(campaign)["audience"] == 60 == len(stored(rig, campaign))
    for who, row in stored(rig, campaign).items():
        for_holdout, for_variant = places(seed, who)
        if who == "c7":
            assert row["reason"] == "excluded_segment"
        elif for_holdout < 25:
            assert (row["rank"], "variant" in row, "held_out_at" in row) == (MessageState.HELD_OUT.rank, False, True)
        else:
            variant = variant_at(for_variant, services.campaigns.get(campaign)["variants"])
            assert (row["variant"], row["text"]) == (variant, f"{'Hi' if variant == 'A' else 'Bye'} {who}")
    assert {"sent", "held_out", "skipped"} == set(rig.counts(campaign))


def test_what_would_be_planned_is_told_without_writing(rig: Rig, clock: TestClock) -> None:
    campaign = rig.services.campaigns.get(rig.launch(rig.draft(holdout_percent=50)))
    found = [row["customer_id"] for row in rig.services.plan.rows(campaign, ["c1", "c2"], at=clock.now)]
    assert (found, list(rig.services.plan.walk(campaign))) == (["c1", "c2"], ["c1", "c2", "c3", "c4", "c6"])
    assert rig.services.db.messages.count_documents({}) == 0


def test_two_workers_plan_a_campaign_once_and_one_goes_on_when_the_other_died(
    services: Services, clock: TestClock
) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(6)))
    first, second = Rig(services, chunk=2), Rig(services, chunk=2)
    campaign = first.launch(first.draft())

    def slice_of(rig: Rig) -> int:
        return rig.planner.run_slice(length_s=0)

    assert (slice_of(first), slice_of(second)) == (2, 0)
    assert services.campaigns.get(campaign)["plan_after"] == "c1"
    clock.advance(seconds=15)
    assert (slice_of(second), slice_of(first)) == (2, 0)
    while slice_of(second):
        pass
    assert (second.state(campaign), second.counts(campaign)) == ("sending", {"pending": 6})


def test_a_worker_that_slept_through_its_lease_adds_to_the_audience_what_it_wrote(
    services: Services, clock: TestClock
) -> None:
    """It had read a customer who has left since."""
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(4)))
    other = Rig(services)

    def pass_by() -> None:
        services.db.customers.delete_one({"_id": "c1"})
        clock.advance(seconds=15)
        other.finish(clock)
        assert (other.state(campaign), services.campaigns.get(campaign)["audience"]) == ("completed", 3)

    sleeper = Rig(services, chunk=2, plan=SleepyPlan(services, pass_by))
    campaign = sleeper.launch(sleeper.draft())
    sleeper.planner.run_slice(length_s=0)
    assert (other.state(campaign), services.campaigns.get(campaign)["audience"]) == ("sending", 4)
    other.finish(clock)
    assert other.counts(campaign) == {"sent": 3, "skipped": 1}


def test_rows_written_late_by_a_worker_that_missed_the_cancel_are_closed(services: Services, clock: TestClock) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(4)))
    other = Rig(services)

    def pass_by() -> None:
        services.campaigns.cancel(campaign, actor=ASHA)
        clock.advance(seconds=CLOSING.total_seconds())
        other.plan()
        assert services.progress.closing() == []

    sleeper = Rig(services, plan=SleepyPlan(services, pass_by))
    campaign = sleeper.launch(sleeper.draft())
    sleeper.planner.run_slice(length_s=0)
    assert other.counts(campaign) == {"pending": 4}
    other.plan()
    assert (other.counts(campaign), services.campaigns.get(campaign)["audience"]) == ({"skipped": 4}, 4)


def test_two_workers_plan_an_audience_that_takes_longer_to_find_than_a_lease(
    services: Services, clock: TestClock
) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(4)))

    class LongSearch(Plan):
        def walk(self, campaign: Campaign) -> Iterator[str]:
            """It takes long to find somebody, and then to know that there is nobody else."""
            pass_by()
            yield from super().walk(campaign)
            pass_by()

    def pass_by() -> None:
        clock.advance(seconds=15)
        assert services.progress.lease_plan(campaign, "another worker", clock.now)

    rig = Rig(
        services, chunk=4, plan=LongSearch(services.audience, services.message_log, services.recipients.address_keys)
    )
    campaign = rig.launch(rig.draft())
    for state in ("preparing", "sending"):
        rig.planner.run_slice(length_s=0)
        found = services.campaigns.get(campaign)
        assert (found["state"], found["plan_after"]) == (state, "c3")


def test_campaigns_are_planned_in_turns(services: Services) -> None:
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(6)))
    rig = Rig(services, chunk=2)
    campaigns = [rig.launch(rig.draft()) for _ in range(2)]
    for _ in range(2):
        rig.planner.run_slice(length_s=0)
    assert [rig.counts(campaign) for campaign in campaigns] == [{"pending": 2}] * 2
