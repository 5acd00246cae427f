"""Does the long work that pages ask for, and launches the campaigns whose time has come."""

from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.heartbeat import Activity
from crm_core.infra.streams import Stream
from crm_core.jobs.runner import GROUP
from crm_core.services import Services
from workers.running import PollLoop, consume, run_worker, worker_name
from workers.together import Together

SCHEDULE_EVERY_S = 1.0
SWEEP_EVERY_S = 60.0


def build(services: Services, instance: str) -> Together:
    """Loops of their own, so that a long import holds up no short job and no campaign."""

    def lane(stream: Stream, name: str) -> Consumer:
        handler = services.job_runner.handle
        return consume(services, GROUP, f"{instance}{name}", [stream], handler, ConsumerPolicy(batch=1))

    def start_due() -> int:
        return len(services.campaigns.start_due(services.clock()))

    def sweep() -> int:
        ended = services.job_runner.end_lost() + services.import_files.remove_orphans(services.clock())
        return ended + services.refits.start_due()

    sweeper = PollLoop(sweep, Activity("jobs", worker_name("sweeper", instance)), every_s=SWEEP_EVERY_S)
    scheduler = PollLoop(start_due, Activity("jobs", worker_name("scheduler", instance)), every_s=SCHEDULE_EVERY_S)
    rekeying = services.rekeying.run_slice
    keys = PollLoop(rekeying, Activity("jobs", worker_name("address-keys", instance)), every_s=SCHEDULE_EVERY_S)
    return Together(lane(Stream.JOBS, ""), lane(Stream.SHORT_JOBS, "-short"), scheduler, sweeper, keys)


if __name__ == "__main__":
    run_worker("jobs", build)
