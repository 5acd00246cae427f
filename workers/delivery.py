"""Sends the messages of planned campaigns through the vendor."""

from crm_core.infra.consumer import ConsumerPolicy
from crm_core.infra.streams import Stream
from workers.running import consume, run_worker

if __name__ == "__main__":
    run_worker(
        "delivery",
        lambda services, instance: consume(
            services, "delivery", instance, [Stream.DELIVERIES], services.deliverer.handle, ConsumerPolicy(batch=4)
        ),
    )
