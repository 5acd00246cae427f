"""Plans launched campaigns, releases their messages in turns, closes what is finished, and counts what has moved."""

from collections.abc import Callable

from crm_core.infra.heartbeat import Activity
from crm_core.services import Services
from workers.running import PollLoop, run_worker, worker_name
from workers.together import Together


def build(services: Services, instance: str) -> Together:
    """Counting has loops of its own, so that it holds up nobody's messages."""

    def loop(step: Callable[[], int], name: str, *, every_s: float) -> PollLoop:
        return PollLoop(step, Activity("campaigns", worker_name(name, instance)), every_s=every_s)

    return Together(
        loop(services.engine.run_once, "campaigns", every_s=0.25),
        loop(services.campaign_counter.run_once, "counts", every_s=0.5),
        loop(services.detail_counter.run_once, "details", every_s=1.0),
    )


if __name__ == "__main__":
    run_worker("campaigns", build)
