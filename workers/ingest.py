"""Stores customers and orders that the API accepted."""

from crm_core.infra.consumer import ConsumerPolicy
from crm_core.infra.streams import Stream
from workers.running import consume, run_worker

if __name__ == "__main__":
    run_worker(
        "ingest",
        lambda services, instance: consume(
            services,
            "ingest",
            instance,
            [Stream.CUSTOMERS, Stream.ORDERS],
            services.persister.store,
            ConsumerPolicy(batch=1000),
        ),
    )
