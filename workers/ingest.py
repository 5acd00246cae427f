"""Stores customers, orders and events that were accepted."""

from crm_core.infra.consumer import ConsumerPolicy
from crm_core.infra.streams import INGESTED
from workers.running import consume, run_worker

if __name__ == "__main__":
    run_worker(
        "ingest",
        lambda services, instance: consume(
            services, "ingest", instance, [*INGESTED], services.persister.store, ConsumerPolicy(batch=1000)
        ),
    )
