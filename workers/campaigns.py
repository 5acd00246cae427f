"""Plans launched campaigns and closes finished ones."""

from crm_core.infra.heartbeat import Activity
from workers.running import PollLoop, run_worker, worker_name

if __name__ == "__main__":
    run_worker(
        "campaigns",
        lambda services, instance: PollLoop(
            services.planner.run_once, Activity("campaigns", worker_name("campaigns", instance)), every_s=0.25
        ),
    )
