"""Figures kept with a campaign: counted again whenever its rows moved, however late, and never by who looks at them."""

from datetime import timedelta

import pytest

from crm_core.campaigns.counting import COUNTS, CampaignCounter
from crm_core.campaigns.counts import MAX_REASONS, OTHER, to_counts, to_stats
from crm_core.campaigns.messages.message_log import MessageLog, Stats
from crm_core.campaigns.model import Campaign
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import ASHA, TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig, receipt


class CountedLog(MessageLog):
    def __init__(self, services: Services) -> None:
        super().__init__(services.db, services.personal_reads, services.moves)
        self.counts = 0

    def stats(self, campaign_id: str, *, by_variant: bool = False) -> Stats:
        self.counts += 1
        return super().stats(campaign_id, by_variant=by_variant)


def kept(rig: Rig, campaign_id: str) -> dict[str, int]:
    counts = rig.services.campaigns.get(campaign_id)["counts"]
    return {state: count for state, count in counts["by_state"].items() if count}


def count(rig: Rig, clock: TestClock, campaign_id: str) -> dict[str, int]:
    """As the campaign worker does, some seconds later."""
    clock.advance(seconds=5)
    rig.services.campaign_counter.run_once()
    rig.services.detail_counter.run_once()
    return kept(rig, campaign_id)


def test_a_receipt_that_comes_long_after_the_end_is_counted(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    assert count(rig, clock, campaign) == {"sent": 4, "skipped": 1}
    assert not {"counts_due", "details_due"} & rig.services.campaigns.get(campaign).keys()
    clock.advance(days=9)
    rig.receive(
        receipt(campaign, "c1", "opened"), receipt(campaign, "c2", "clicked"), receipt(campaign, "c3", "failed")
    )
    assert count(rig, clock, campaign) == {"sent": 1, "opened": 1, "clicked": 1, "failed": 1, "skipped": 1}
    found = rig.services.campaigns.get(campaign)
    assert (found["counts"]["sent"], found["counts"]["delivered_rate"]) == (4, 0.5)
    assert (found["counts"]["opened_rate"], found["counts"]["clicked_rate"]) == (1.0, 0.5)
    last = found["details"]["timeline"][-1]
    assert (last["sent"], last["delivered"], last["opened"], last["clicked"], last["failed"]) == (4, 2, 2, 1, 1)
    pages = rig.services.figures.stats(found, actor=TEST)
    assert (pages.value, pages.as_of) == (rig.message_log.stats(campaign), found["counts"]["as_of"])


def test_one_that_was_not_launched_does_not_stop_the_others(rig: Rig, clock: TestClock) -> None:
    draft, campaign = rig.draft(), rig.launch(rig.draft())
    rig.finish(clock)
    due = {"counts_due": clock.now, "details_due": clock.now}
    rig.services.db.campaigns.update_one({"_id": draft}, {"$set": due})
    assert count(rig, clock, campaign) == {"sent": 4, "skipped": 1}
    assert "details" in rig.services.campaigns.get(campaign)
    assert "counts" not in rig.services.campaigns.get(draft)


def test_what_stands_still_is_counted_by_nobody(rig: Rig, clock: TestClock) -> None:
    log = CountedLog(rig.services)
    counter = CampaignCounter(rig.services.db, log, COUNTS, clock)
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    clock.advance(seconds=5)
    assert (counter.run_once(), counter.run_once(), log.counts) == (1, 0, 1)
    clock.advance(days=1)
    assert (counter.run_once(), log.counts) == (0, 1)
    assert kept(rig, campaign) == {"sent": 4, "skipped": 1}


def test_rows_that_move_while_they_are_counted_are_counted_once_more(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    rig.receive(receipt(campaign, "c1", "delivered"))
    rig.services.campaign_counter.run_once()
    rig.receive(receipt(campaign, "c2", "delivered"))  # within the second for which the note before stands
    assert kept(rig, campaign) == {"sent": 3, "delivered": 1, "skipped": 1}
    assert count(rig, clock, campaign) == {"sent": 2, "delivered": 2, "skipped": 1}


def test_a_count_that_was_overtaken_is_not_kept(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.finish(clock)

    class Slow(MessageLog):
        """In its middle another worker counts, and the rows have moved."""

        def stats(self, campaign_id: str, *, by_variant: bool = False) -> Stats:
            found = super().stats(campaign_id, by_variant=by_variant)
            rig.receive(receipt(campaign, "c1", "delivered"))
            clock.advance(minutes=2)
            rig.services.campaign_counter.run_once()
            return found

    log = Slow(rig.services.db, rig.services.personal_reads, rig.services.moves)
    CampaignCounter(rig.services.db, log, COUNTS, clock).run_once()
    assert kept(rig, campaign) == {"sent": 3, "delivered": 1, "skipped": 1}


def test_campaigns_from_before_figures_were_kept_are_counted(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$unset": {"counts_due": "", "details_due": ""}})
    assert count(rig, clock, campaign) == {"sent": 4, "skipped": 1}


def test_campaigns_whose_figures_lack_one_that_was_added_are_counted_again(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.finish(clock)
    count(rig, clock, campaign)
    rig.services.db.campaigns.update_one({"_id": campaign}, {"$unset": {"counts.unsubscribed": ""}})
    found = rig.services.campaigns.get(campaign)
    assert rig.services.figures.stats(found, actor=TEST).value.unsubscribed == 0
    clock.advance(seconds=5)
    CampaignCounter(rig.services.db, rig.message_log, COUNTS, clock).run_once()
    assert rig.services.campaigns.get(campaign)["counts"]["unsubscribed"] == 0


@pytest.mark.parametrize("end", ["cancel", "fail"])
def test_of_a_plan_that_was_cut_short_it_is_counted_who_was_never_planned(rig: Rig, clock: TestClock, end: str) -> None:
    campaigns, planner = rig.services.campaigns, rig.another_planner(chunk=2)
    campaign = rig.launch(rig.draft())
    planner.run_slice(length_s=0)
    if end == "cancel":
        campaigns.cancel(campaign, actor=ASHA)
    else:
        planner._fail(campaign, "The rule cannot be evaluated.")
    rig.plan()
    found: Campaign = campaigns.get(campaign)
    assert (found["audience"], found["never_planned"]) == (2, 3)
    clock.advance(minutes=11)
    rig.plan()
    found = campaigns.get(campaign)
    assert (found.get("close_until"), found["never_planned"]) == (None, 3)


def test_a_plan_that_was_walked_to_its_end_is_not_called_cut_short(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.services.campaigns.cancel(campaign, actor=ASHA)
    rig.finish(clock)
    assert "never_planned" not in rig.services.campaigns.get(campaign)


def test_of_very_many_reasons_the_rarest_are_kept_together(clock: TestClock) -> None:
    reasons = {f"vendor.reason ${number}": number for number in range(1, MAX_REASONS + 3)}
    by_state = dict.fromkeys(MessageState, 0) | {MessageState.FAILED: sum(reasons.values())}
    stats = to_stats(to_counts(Stats(by_state, {}, reasons, {}), as_of=clock.now, took=timedelta()))
    assert stats.by_state == by_state
    assert len(stats.failed_by_reason) == MAX_REASONS + 1
    assert (stats.failed_by_reason[OTHER], sum(stats.failed_by_reason.values())) == (3, sum(reasons.values()))
