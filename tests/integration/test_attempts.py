"""A sender that is not idempotent is handed each message at most once, and the audience still adds up."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from crm_core.campaigns.states import RowReason
from crm_core.channels.sender import Answer
from crm_core.errors import Unavailable
from tests.actors import ASHA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Crash, Rig, receipt


class Postman:
    """As a mail server: it knows no keys, and delivers whatever it is handed."""

    is_idempotent = False

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.crash_after: int | None = None
        """After how many messages the worker dies."""
        self.is_down = False
        self.limit: int | None = None
        """How many it takes of the next batch."""
        self.unsure: set[str] = set()

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Answer]:
        if self.is_down:
            raise Unavailable("The mail server does not answer.")
        answers = {}
        for place, message in enumerate(messages):
            if place == self.crash_after:
                self.crash_after = None
                raise Crash
            if place == self.limit:
                self.limit = None
                break
            self.taken[message["to"]] += 1
            is_sure = message["to"] not in self.unsure
            answers[message["key"]] = Answer(message["key"]) if is_sure else Answer(None, RowReason.OUTCOME_UNKNOWN)
        return answers


@pytest.fixture
def postman(rig: Rig) -> Postman:
    sender = Postman()
    rig.deliverer = rig.services.deliverer_to(sender, rig.rules)
    rig.delivery = rig.another_delivery("a")
    return sender


def planned(rig: Rig) -> str:
    campaign = rig.launch(rig.draft())
    rig.plan()
    return campaign


def crash(rig: Rig, postman: Postman, *, after: int) -> str:
    """A campaign whose worker died after the sender took so many of its four messages; it is started again."""
    campaign = planned(rig)
    postman.crash_after = after
    with pytest.raises(Crash):
        rig.delivery.run_once()
    rig.delivery = rig.another_delivery("a")
    return campaign


def marks(rig: Rig) -> int:
    return rig.services.db.messages.count_documents({"attempting": {"$exists": True}})


def test_a_campaign_over_such_a_sender_ends_as_any_other(rig: Rig, postman: Postman, clock: TestClock) -> None:
    campaign = planned(rig)
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert rig.state(campaign) == "completed"
    assert set(postman.taken.values()) == {1}
    assert marks(rig) == 0


@pytest.mark.parametrize("after", [0, 2, 3])
def test_what_was_attempted_before_a_crash_is_failed_and_never_sent_again(
    rig: Rig, postman: Postman, clock: TestClock, after: int
) -> None:
    campaign = crash(rig, postman, after=after)
    assert marks(rig) == 4
    rig.finish(clock)
    assert rig.counts(campaign) == {"failed": 4, "skipped": 1}
    assert rig.message_log.stats(campaign).failed_by_reason == {"outcome_unknown": 4}
    assert postman.taken.total() == after
    assert rig.state(campaign) == "completed"
    assert marks(rig) == 0


def test_a_retry_leaves_messages_alone_whose_outcome_is_unknown(rig: Rig, postman: Postman, clock: TestClock) -> None:
    campaign = crash(rig, postman, after=2)
    rig.finish(clock)
    assert not rig.services.pending_rows.has_failed(campaign)
    rig.finish(clock)
    assert postman.taken.total() == 2


def test_a_lost_entry_does_not_send_again_what_was_attempted(rig: Rig, postman: Postman, clock: TestClock) -> None:
    campaign = crash(rig, postman, after=2)
    rig.services.redis.flushdb()
    rig.delivery = rig.another_delivery("b")
    rig.finish(clock)
    assert rig.counts(campaign) == {"failed": 4, "skipped": 1}
    assert postman.taken.total() == 2


def test_a_receipt_still_raises_a_message_whose_outcome_was_unknown(
    rig: Rig, postman: Postman, clock: TestClock
) -> None:
    campaign = crash(rig, postman, after=2)
    rig.receive(receipt(campaign, "c1", "delivered"))
    rig.finish(clock)
    rig.receive(receipt(campaign, "c2", "delivered"))
    assert rig.counts(campaign) == {"delivered": 2, "failed": 2, "skipped": 1}
    assert postman.taken.total() == 2


def test_an_outage_fails_nothing_and_all_is_sent_once_it_ends(rig: Rig, postman: Postman, clock: TestClock) -> None:
    campaign = planned(rig)
    postman.is_down = True
    with pytest.raises(Unavailable):
        rig.delivery.run_once()
    assert rig.counts(campaign)["pending"] >= 4
    assert marks(rig) == 0
    postman.is_down = False
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert set(postman.taken.values()) == {1}


def test_a_batch_cut_short_goes_on_with_those_it_did_not_come_to(rig: Rig, postman: Postman, clock: TestClock) -> None:
    campaign = planned(rig)
    postman.limit = 1
    with pytest.raises(Unavailable, match="did not come to every message"):
        rig.delivery.run_once()
    assert rig.counts(campaign)["sent"] == 1
    assert marks(rig) == 0
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 4, "skipped": 1}
    assert set(postman.taken.values()) == {1}


def test_an_outcome_that_the_sender_does_not_know_is_booked_as_such(
    rig: Rig, postman: Postman, clock: TestClock
) -> None:
    campaign = planned(rig)
    postman.unsure = {"c2"}
    rig.finish(clock)
    assert rig.counts(campaign) == {"sent": 3, "failed": 1, "skipped": 1}
    assert rig.row(campaign, "c2")["reason"] == "outcome_unknown"
    assert postman.taken["c2"] == 1


def test_a_second_worker_of_one_entry_hands_nothing_over_again(rig: Rig, postman: Postman, clock: TestClock) -> None:
    """The first is stalled in its call; its entry passes to another, and then its call returns."""
    campaign = planned(rig)
    rig.claim_idle_ms = 0
    send = postman.send

    def stalled(campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, Answer]:
        postman.send = send  # type: ignore[method-assign]
        answers = send(campaign_id, messages)
        rig.another_delivery("b").run_once()
        return answers

    postman.send = stalled  # type: ignore[method-assign]
    rig.delivery.run_once()
    rig.finish(clock)
    assert set(postman.taken.values()) == {1}
    assert sum(rig.counts(campaign).values()) == 5
    assert rig.counts(campaign)["skipped"] == 1


def test_a_cancelled_campaign_sends_nothing_more_and_closes_what_was_attempted(
    rig: Rig, postman: Postman, clock: TestClock
) -> None:
    campaign = crash(rig, postman, after=2)
    rig.services.campaigns.cancel(campaign, actor=ASHA)
    rig.finish(clock)
    assert rig.counts(campaign) == {"failed": 4, "skipped": 1}
    assert postman.taken.total() == 2
    assert marks(rig) == 0
