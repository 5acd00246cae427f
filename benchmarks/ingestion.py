"""Ingestion on the running app: what is accepted over HTTP, and what the ingest worker stores."""

from benchmarks.accepting import measure_accepting
from benchmarks.bench import Bench
from benchmarks.storing import measure_storing
from crm_core.access.scopes import Scope
from tests.running_app import RunningApp


def run(app: RunningApp) -> None:
    with app.administrator() as services:
        bench = Bench(app, services, app.create_key(Scope.INGEST_WRITE))
        measure_accepting(bench)
        measure_storing(bench)
