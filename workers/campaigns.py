"""Plans launched campaigns, releases their messages in turns, and closes what is finished."""

from crm_core.infra.heartbeat import Activity
from workers.running import PollLoop, run_worker, worker_name

if __name__ == "__main__":
    run_worker(
        "campaigns",
        lambda services, instance: PollLoop(
            services.engine.run_once, Activity("campaigns", worker_name("campaigns", instance)), every_s=0.25
        ),
    )
