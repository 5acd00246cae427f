"""Does the long work that pages ask for, and launches the campaigns whose time has come."""

from crm_core.infra.consumer import ConsumerPolicy
from crm_core.infra.heartbeat import Activity
from crm_core.infra.streams import Stream
from crm_core.services import Services
from workers.running import PollLoop, consume, run_worker, worker_name
from workers.together import Together

SCHEDULE_EVERY_S = 1.0


def build(services: Services, instance: str) -> Together:
    """The scheduler is a loop of its own: a long import holds up no campaign."""

    def start_due() -> int:
        return len(services.campaigns.start_due(services.clock()))

    scheduler = PollLoop(start_due, Activity("jobs", worker_name("scheduler", instance)), every_s=SCHEDULE_EVERY_S)
    jobs = consume(services, "jobs", instance, [Stream.JOBS], services.jobs_handler, ConsumerPolicy(batch=1))
    return Together(jobs, scheduler)


if __name__ == "__main__":
    run_worker("jobs", build)
