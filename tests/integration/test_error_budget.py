"""The error budget of a campaign: what empties it, and that nothing of it stays in Valkey for ever."""

from typing import Any

import pytest

from crm_core.campaigns.sending.budget import FAULT_KEPT_S, KEPT_S, MAX_FAULTS, ErrorBudget
from crm_core.errors import Conflict, Unavailable
from crm_core.services import Services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig, receipt


@pytest.fixture
def budget(services: Services) -> ErrorBudget:
    return ErrorBudget(services.redis, share=lambda: 0.5)


def lifetimes(services: Services) -> dict[str, int]:
    """Seconds that each key of a budget is kept; -1 for ever."""
    found: Any = services.redis.keys("budget:*")
    return {key.decode(): int(services.redis.ttl(key)) for key in found}


def test_a_budget_s_keys_expire(services: Services, budget: ErrorBudget) -> None:
    budget.note("m", [True])
    budget.note_failed_call("m")
    budget.note_fault("m")
    kept = sorted(lifetimes(services).values())
    assert len(kept) == 3
    assert 0 < kept[0] <= 10
    assert FAULT_KEPT_S / 2 < kept[1] <= FAULT_KEPT_S
    assert KEPT_S / 2 < kept[2] <= KEPT_S


def test_a_budget_is_kept_for_a_week_from_its_last_outcome(services: Services, budget: ErrorBudget) -> None:
    budget.note("m", [True])
    (key,) = lifetimes(services)
    services.redis.expire(key, 60)
    budget.note("m", [])
    assert lifetimes(services)[key] > 60


def test_failed_calls_close_together_count_once(services: Services, budget: ErrorBudget) -> None:
    assert (budget.note_failed_call("m").bad, budget.note_failed_call("m").bad) == (1, 0)
    assert budget.note("m", []).bad == 1
    assert budget.note_failed_call("other").bad == 1


def test_resuming_empties_the_error_budget_and_forgets_its_faults(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    budget = rig.services.error_budget
    budget.note(campaign, [True] * 900)
    faults = [budget.note_fault(campaign) for _ in range(MAX_FAULTS)]
    assert faults == [False] * (MAX_FAULTS - 1) + [True]
    rig.services.campaigns.pause(campaign, actor=ASHA)
    rig.services.campaigns.resume(campaign, actor=ASHA)
    assert budget.note(campaign, []).known == 0
    assert not budget.note_fault(campaign)


def test_a_campaign_that_is_not_paused_cannot_empty_its_budget_by_being_resumed(rig: Rig) -> None:
    campaign = rig.launch(rig.draft())
    rig.services.error_budget.note(campaign, [True] * 9)
    with pytest.raises(Conflict):
        rig.services.campaigns.resume(campaign, actor=ASHA)
    assert rig.services.error_budget.note(campaign, []).bad == 9


def test_a_budget_is_spent_by_more_than_its_share_of_the_last_thousand(services: Services) -> None:
    budget = ErrorBudget(services.redis, share=lambda: 0.5)
    assert not budget.is_spent(budget.note("c", [True] * 499))
    assert not budget.is_spent(budget.note("c", [False] * 501))
    outcomes = budget.note("c", [True] * 500)  # the first 499 are out of the window
    assert (outcomes.known, outcomes.bad) == (1000, 500)
    assert not budget.is_spent(outcomes)
    assert budget.is_spent(budget.note("c", [True] * 2))
    budget.clear("c")
    assert budget.note("c", [True]).bad == 1


def test_a_budget_is_spent_by_half_of_a_thousand_and_by_more_than_half_of_fewer(budget: ErrorBudget) -> None:
    assert not budget.is_spent(budget.note("few", [True] * 499))
    assert budget.is_spent(budget.note("few", [True]))
    assert not budget.is_spent(budget.note("half", [True, False] * 500))
    assert budget.is_spent(budget.note("half", [True, True]))


def test_a_share_of_nothing_is_spent_by_the_first_that_is_bad(services: Services) -> None:
    strict = ErrorBudget(services.redis, share=lambda: 0)
    assert not strict.is_spent(strict.note("m", [False] * 5))
    assert strict.is_spent(strict.note("m", [True]))


def test_cancelling_ends_a_retry_and_failed_rows_are_not_put_back(rig: Rig, clock: TestClock) -> None:
    campaign = rig.launch(rig.draft())
    rig.plan()
    rig.deliver()
    rig.receive(receipt(campaign, "c1", "failed", reason="blocked"))
    rig.services.campaigns.retry_failed(campaign, actor=ASHA)
    rig.services.campaigns.cancel(campaign, actor=ASHA)
    rig.finish(clock)
    assert rig.counts(campaign) == {"failed": 1, "sent": 3, "skipped": 1}
    assert rig.services.progress.retrying() == []
    assert rig.row(campaign, "c1")["reason"] == "blocked"


def test_an_outage_at_the_vendor_is_counted_for_the_campaign_that_met_it(rig: Rig) -> None:
    met, other = rig.launch(rig.draft()), rig.launch(rig.draft())
    rig.vendor.failure = Unavailable("away")
    rig.engine.run_once()
    assert rig.services.error_budget.note_failed_call(met).bad == 1
    assert rig.services.error_budget.note(other, []).known == 0
