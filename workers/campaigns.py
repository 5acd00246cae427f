"""Plans launched campaigns and closes finished ones."""

from workers.running import PollLoop, run_worker

if __name__ == "__main__":
    run_worker("campaigns", lambda services, _: PollLoop(services.planner.run_once, every_s=0.25))
