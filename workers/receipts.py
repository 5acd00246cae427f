"""Books the vendor's delivery receipts, in bulk."""

from crm_core.infra.consumer import ConsumerPolicy
from crm_core.infra.streams import Stream
from workers.running import consume, run_worker

if __name__ == "__main__":
    run_worker(
        "receipts",
        lambda services, instance: consume(
            services, "receipts", instance, [Stream.RECEIPTS], services.receipt_booker.handle, ConsumerPolicy(batch=20)
        ),
    )
