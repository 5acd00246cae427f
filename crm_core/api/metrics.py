"""``GET /metrics``: what Prometheus reads of the app, its streams and its workers."""

from collections.abc import Iterable
from datetime import datetime

from fastapi.responses import PlainTextResponse, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    Metric,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from crm_core.api.access import METERED, ServicesDep
from crm_core.api.problems import to_responses
from crm_core.api.routing import Router
from crm_core.infra.heartbeat import WorkerState
from crm_core.infra.monitor import Monitor, StreamState

router = Router(tags=["Operations"])

REGISTRY = CollectorRegistry()
REQUESTS = Counter("clientnest_http_requests", "API requests.", ["method", "route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "clientnest_http_request_seconds",
    "How long API requests took.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
RECORDS = Counter("clientnest_records", "Records sent to the API.", ["stream", "outcome"], registry=REGISTRY)


class _Now:
    """Collects what Valkey says at this moment."""

    def __init__(self, monitor: Monitor, now: datetime) -> None:
        self._monitor = monitor
        self._now = now

    def collect(self) -> Iterable[Metric]:
        yield from _of_streams(self._monitor.streams(), self._now)
        yield from _of_workers(self._monitor.workers(), self._now)
        yield GaugeMetricFamily(
            "clientnest_dead_letters", "Entries that could not be handled.", value=self._monitor.dead_count()
        )


@router.get(
    "/metrics",
    openapi_extra=METERED,
    response_class=PlainTextResponse,
    responses=to_responses(
        {401: "Neither the token of CRM_METRICS_TOKEN nor somebody who has signed in.", 503: "Valkey is away."},
        keyed=False,
    ),
)
def get_metrics(services: ServicesDep) -> Response:
    """Return metrics in the text format of Prometheus. While Valkey is away the answer is 503."""
    now = CollectorRegistry()
    now.register(_Now(services.monitor, services.clock()))
    return Response(generate_latest(now) + generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _of_streams(states: Iterable[StreamState], now: datetime) -> Iterable[Metric]:
    accepted = CounterMetricFamily("clientnest_stream_accepted", "Entries ever accepted.", labels=["stream"])
    handled = CounterMetricFamily("clientnest_stream_handled", "Entries ever handled.", labels=["stream"])
    waiting = GaugeMetricFamily("clientnest_stream_waiting", "Entries not yet handled.", labels=["stream"])
    lag = GaugeMetricFamily("clientnest_stream_lag_seconds", "How long the oldest entry has waited.", labels=["stream"])
    for state in states:
        labels = [state.stream.label]
        accepted.add_metric(labels, state.accepted)
        handled.add_metric(labels, state.handled)
        waiting.add_metric(labels, state.waiting)
        lag.add_metric(labels, state.lag(now).total_seconds())
    return accepted, handled, waiting, lag


def _of_workers(states: Iterable[WorkerState], now: datetime) -> Iterable[Metric]:
    labels = ["group", "worker"]
    silence = GaugeMetricFamily("clientnest_worker_silence_seconds", "Since its last sign of life.", labels=labels)
    handled = CounterMetricFamily("clientnest_worker_handled", "Entries handled since its start.", labels=labels)
    failed = CounterMetricFamily("clientnest_worker_failed", "Failed tries since its start.", labels=labels)
    for state in states:
        names = [state.group, state.name]
        silence.add_metric(names, (now - state.beat_at).total_seconds())
        handled.add_metric(names, state.handled)
        failed.add_metric(names, state.failed)
    return silence, handled, failed
