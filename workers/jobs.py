"""Does the long work that pages ask for."""

from crm_core.infra.consumer import ConsumerPolicy
from crm_core.infra.streams import Stream
from workers.running import consume, run_worker

if __name__ == "__main__":
    run_worker(
        "jobs",
        lambda services, instance: consume(
            services, "jobs", instance, [Stream.JOBS], services.jobs_handler, ConsumerPolicy(batch=1)
        ),
    )
