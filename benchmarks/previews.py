"""What a marketer waits for on the running app: previews of a rule."""

from benchmarks.report import Figure, median_of
from crm_core.infra.streams import INGESTED
from crm_core.rules.loading import load_rule
from crm_core.services import Services
from tests.running_app import RunningApp

CUSTOMERS = 20_000
FIELD_RULE = {"kind": "field", "field": "total_spend", "op": "gt", "value": 100}
ORDERS_RULE = {"kind": "orders", "op": "gte", "value": 2, "within_days": 180}


def run(app: RunningApp) -> None:
    with app.administrator() as services:
        load_shop(services)
        preview(services)


def load_shop(services: Services) -> None:
    """The demo shop, stored; ``benchmarks.ingestion`` measures how fast that goes."""
    services.demo_loader.load(customers=CUSTOMERS, seed=1, progress=lambda done, in_all: None)
    services.publisher.wait_until_empty(*INGESTED, timeout_s=300)


def preview(services: Services) -> None:
    """Exact counts, beside the bare count of the nearest query."""
    bare_s = median_of(lambda: services.db.customers.count_documents({"total_spend_minor": {"$gt": 10_000}}))
    for what, rule in (("one field rule", FIELD_RULE), ("orders in a period", ORDERS_RULE)):
        tree = load_rule({"kind": "all", "rules": [rule]})
        seconds = median_of(lambda tree=tree: services.audience.preview(tree, sample=10))  # type: ignore[misc]
        figure = Figure(f"previews with total and sample: {what}", 1 / seconds, "per s", 1 / bare_s, "one count")
        figure.print()
