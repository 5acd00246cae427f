"""Rehearsals as jobs: each kept under its id with what came of it, and started over when their worker ended."""

from datetime import timedelta
from typing import Any

import pytest

from crm_core.campaigns.rehearsal.rehearsal import Rehearsal
from crm_core.errors import Conflict, InvalidInput, NotFound, Unavailable
from crm_core.infra.streams import Stream
from crm_core.jobs import rehearsals as rehearsal_jobs
from crm_core.rules.loading import load_rule
from tests.actors import ASHA, BELA, TEST
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig
from tests.integration.job_rig import Killed, jobs_worker
from tests.integration.population import field


def start(rig: Rig, campaign: str, **more: Any) -> str:
    return str(rig.services.rehearsals.start(campaign, actor=ASHA, **more)["_id"])


def test_a_rehearsal_ends_with_its_result_beside_earlier_ones(rig: Rig, clock: TestClock) -> None:
    campaign = rig.draft()
    first, second = start(rig, campaign), start(rig, campaign, start_at=clock.now + timedelta(days=2))
    queued = rig.services.rehearsals.get(campaign, first, actor=TEST)
    assert (queued["state"], queued["start_at"], queued["created_by"]) == ("queued", clock.now, "asha")
    worker = jobs_worker(rig.services)
    assert worker.run_once() + worker.run_once() == 2
    done = [rig.services.rehearsals.get(campaign, each, actor=TEST) for each in (first, second)]
    assert [(job["state"], job["runs"], job["done"]) for job in done] == [("done", 1, 5)] * 2
    assert done[0]["result"]["by_state"] == {"sent": 4, "skipped": 1, "failed": 0, "held_out": 0, "pending": 0}
    assert done[0]["result"]["skipped_by_reason"] == {"no_consent": 1}
    assert [job["result"]["finish"] for job in done] == [clock.now, clock.now + timedelta(days=2)]
    assert [job["result"]["buckets"] for job in done] == [
        [{"at": clock.now, "messages": 4}],
        [{"at": clock.now + timedelta(days=2), "messages": 4}],
    ]
    assert rig.services.publisher.backlog(Stream.SHORT_JOBS) == 0


def test_a_scheduled_campaign_is_rehearsed_at_its_time(rig: Rig, clock: TestClock) -> None:
    campaign, at = rig.draft(), clock.now + timedelta(hours=5)
    rig.services.campaigns.schedule(campaign, at, actor=ASHA)
    rehearsal = start(rig, campaign)
    jobs_worker(rig.services).run_once()
    assert rig.services.rehearsals.get(campaign, rehearsal, actor=TEST)["result"]["start"] == at


def test_those_of_a_campaign_are_listed_without_results_newest_first_and_audited(rig: Rig, clock: TestClock) -> None:
    rehearsals = rig.services.rehearsals
    campaign = rig.draft()
    start(rig, rig.draft())
    made = [start(rig, campaign) for _ in range(3)]  # at the same moment
    rehearsals.cancel(campaign, made[1], actor=BELA)
    rehearsals.cancel(campaign, made[1], actor=BELA)
    worker = jobs_worker(rig.services)
    while worker.run_once():
        pass
    clock.advance(seconds=1)
    made.append(start(rig, campaign))
    first, cursor = rehearsals.page(campaign, limit=2)
    rest, end = rehearsals.page(campaign, limit=2, after=cursor)
    assert ([each["_id"] for each in first + rest], end) == (made[::-1], None)
    assert [each["state"] for each in first + rest] == ["queued", "done", "cancelled", "done"]
    assert not any("result" in each for each in first + rest)
    rig.services.redis.delete(Stream.SHORT_JOBS)
    clock.advance(seconds=11)
    assert [each["state"] for each in rehearsals.page(campaign, limit=2)[0]] == ["failed", "done"]
    audited = rig.services.db.audit.find({"details.campaign": campaign}).sort("_id", 1)
    assert [(row["actor"], row["action"], row["target"]) for row in audited] == [
        *(("asha", "rehearsal.start", each) for each in made[:3]),
        ("bela", "rehearsal.cancel", made[1]),
        ("asha", "rehearsal.start", made[3]),
    ]
    with pytest.raises(InvalidInput, match="no cursor of this list"):
        rehearsals.page(rig.draft(), limit=2, after=made[0])
    with pytest.raises(NotFound, match="There is no campaign"):
        rehearsals.page("none", limit=2)


def test_after_the_end_of_its_worker_it_starts_over_and_says_so(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = rig.draft()
    rehearsal = start(rig, campaign)

    def die(*_: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rehearsal_jobs, "to_document", die)
        with pytest.raises(Killed):
            jobs_worker(rig.services).run_once()
    assert rig.services.rehearsals.get(campaign, rehearsal, actor=TEST)["state"] == "running"
    jobs_worker(rig.services).run_once()
    done = rig.services.rehearsals.get(campaign, rehearsal, actor=TEST)
    assert (done["state"], done["runs"], done["result"]["audience"]) == ("done", 2, 5)


@pytest.mark.parametrize("noted_s", [0, 60], ids=["in the middle", "at the end"])
def test_an_overtaken_worker_writes_nothing_more_and_leaves_the_entry_to_the_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, noted_s: int
) -> None:
    rehearsals = rig.services.rehearsals
    campaign = rig.draft()
    rehearsal = start(rig, campaign)
    work = Rehearsal.run

    def overtaken(*args: Any) -> Any:
        rig.services.db.jobs.update_one({"_id": rehearsal}, {"$inc": {"runs": 1}})
        return work(*args)

    monkeypatch.setattr(rehearsal_jobs, "NOTED_S", noted_s)
    monkeypatch.setattr(Rehearsal, "run", overtaken)
    with pytest.raises(Unavailable, match="Another worker goes on"):
        jobs_worker(rig.services).run_once()
    assert rehearsals.get(campaign, rehearsal, actor=TEST)["state"] == "running"
    assert rig.services.publisher.backlog(Stream.SHORT_JOBS) == 1
    monkeypatch.undo()
    jobs_worker(rig.services).run_once()  # the other has ended as well
    done = rehearsals.get(campaign, rehearsal, actor=TEST)
    assert (done["state"], done["runs"]) == ("done", 3)
    assert rig.services.publisher.backlog(Stream.SHORT_JOBS) == 0


def test_a_cancelled_one_is_not_done_or_stops_in_the_middle(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rehearsals = rig.services.rehearsals
    monkeypatch.setattr(rehearsal_jobs, "NOTED_S", 0)
    campaign = rig.draft()
    waiting, running, ended = (start(rig, campaign) for _ in range(3))
    assert rehearsals.cancel(campaign, waiting, actor=BELA)["cancelled_by"] == "bela"
    worker = jobs_worker(rig.services)
    worker.run_once()
    cancel_when_walking(rig, campaign, running, monkeypatch)
    worker.run_once()
    monkeypatch.undo()
    worker.run_once()
    for each in (waiting, running):
        found = rehearsals.cancel(campaign, each, actor=ASHA)
        assert (found["state"], "result" in found) == ("cancelled", False)
    with pytest.raises(Conflict, match="This rehearsal is done; only a queued or a running one can be cancelled"):
        rehearsals.cancel(campaign, ended, actor=ASHA)


def cancel_when_walking(rig: Rig, campaign: str, rehearsal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = rig.services.recipients.read

    def cancel_and_read(*args: Any, **more: Any) -> Any:
        rig.services.rehearsals.cancel(campaign, rehearsal, actor=ASHA)
        return read(*args, **more)

    monkeypatch.setattr(rig.services.recipients, "read", cancel_and_read)


def test_one_that_cannot_be_done_any_more_fails_and_one_that_nobody_has_is_lost(rig: Rig, clock: TestClock) -> None:
    segment = rig.services.segments.save("Once", load_rule(field("visits", "eq", 1)), actor=ASHA)
    campaign = rig.draft(rule=None, segment_id=segment["_id"])
    rehearsal, lost = start(rig, campaign), start(rig, campaign)
    rig.services.segments.remove(segment["_id"], actor=ASHA)
    jobs_worker(rig.services).run_once()
    rig.services.redis.delete(Stream.SHORT_JOBS)
    clock.advance(seconds=11)
    failed = rig.services.rehearsals.get(campaign, rehearsal, actor=TEST)
    assert (failed["state"], failed["failure"]) == ("failed", "The segment “Once” of this draft was deleted.")
    found = rig.services.rehearsals.get(campaign, lost, actor=TEST)
    assert (found["state"], found["failure"].split(";")[0]) == (
        "failed",
        "The jobs worker gave it up, or never got it. Nothing was written or sent",
    )
    with pytest.raises(Conflict, match="was deleted"):
        start(rig, campaign)


def test_a_start_in_the_past_or_too_far_and_another_campaigns_id_are_refused(rig: Rig, clock: TestClock) -> None:
    campaign, other = rig.draft(), rig.draft()
    for wrong in (clock.now - timedelta(seconds=1), clock.now + timedelta(days=367)):
        with pytest.raises(InvalidInput, match="between now and 366 days later") as caught:
            start(rig, campaign, start_at=wrong)
        assert caught.value.field == "start_at"
    with pytest.raises(InvalidInput, match="time zone"):
        start(rig, campaign, start_at=clock.now.replace(tzinfo=None))
    assert rig.services.db.jobs.count_documents({}) == rig.services.publisher.backlog(Stream.SHORT_JOBS) == 0
    rehearsal = start(rig, campaign)
    with pytest.raises(NotFound, match="There is no rehearsal with the id"):
        rig.services.rehearsals.get(other, rehearsal, actor=TEST)
    with pytest.raises(NotFound, match="There is no campaign"):
        start(rig, "none")
