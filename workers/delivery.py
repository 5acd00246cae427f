"""Sends the messages of released batches through the vendor."""

from crm_core.campaigns.sending.delivery import AT_ONCE
from crm_core.infra.consumer import Consumer, ConsumerPolicy
from crm_core.infra.streams import Stream
from crm_core.services import Services
from workers.running import consume, run_worker

POLICY = ConsumerPolicy(batch=AT_ONCE)
"""Few batches at a time: one that waits for its channel's rate holds up as few others as may be."""


def build(services: Services, instance: str) -> Consumer:
    deliverer = services.deliverer
    consumer = consume(services, "delivery", instance, [Stream.DELIVERIES], deliverer.handle, POLICY)
    deliverer.stopping = consumer.stopping
    return consumer


if __name__ == "__main__":
    run_worker("delivery", build)
