"""A batch whose messages take long to write: what happens meanwhile counts for those that are not written yet."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from crm_core.services import Services, build_services
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.integration.feeding import store_customers

CUSTOMERS = 9


class SlowClock:
    """Each look at it takes 0.4 s once ``meanwhile`` is set, which is called at the fourth look."""

    def __init__(self, clock: TestClock) -> None:
        self.clock = clock
        self.meanwhile: Callable[[], object] | None = None
        self._looks = 0

    def __call__(self) -> datetime:
        if self.meanwhile:
            self.clock.advance(seconds=0.4)
            self._looks += 1
            if self._looks == 4:
                self.meanwhile()
        return self.clock()


@pytest.fixture
def slow(clock: TestClock) -> SlowClock:
    return SlowClock(clock)


@pytest.fixture
def rig(services: Services, slow: SlowClock) -> Iterator[Rig]:
    store_customers(services, *({"id": f"c{n}", "visits": 1} for n in range(CUSTOMERS)))
    built = build_services(services.settings, clock=slow)
    yield Rig(built)
    built.close()


@pytest.fixture
def campaign(rig: Rig) -> str:
    """Planned, with all its messages in one batch."""
    launched = rig.launch(rig.draft())
    rig.plan()
    return launched


def test_who_says_no_meanwhile_gets_nothing(rig: Rig, slow: SlowClock, services: Services, campaign: str) -> None:
    denials = ({"id": f"c{n}", "consent": {"in_app": "denied"}} for n in range(CUSTOMERS))
    slow.meanwhile = lambda: store_customers(services, *denials)
    rig.deliver()
    counts = rig.counts(campaign)
    assert counts.keys() == {"sent", "skipped"}
    assert 0 < counts["sent"] <= 3
    assert services.message_log.stats(campaign).skipped_by_reason == {"no_consent": counts["skipped"]}


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_campaign_that_is_stopped_meanwhile_stops(rig: Rig, slow: SlowClock, campaign: str, verb: str) -> None:
    slow.meanwhile = lambda: getattr(rig.services.campaigns, verb)(campaign, actor=ASHA)
    rig.deliver()
    assert 0 < len(rig.vendor.asked) <= 3


def test_all_get_their_message_though_no_decision_is_fresh(rig: Rig, slow: SlowClock, campaign: str) -> None:
    slow.meanwhile = lambda: slow.clock.advance(seconds=60)
    rig.deliver()
    assert rig.counts(campaign) == {"sent": CUSTOMERS}
    assert set(rig.vendor.asked.values()) == {1}
