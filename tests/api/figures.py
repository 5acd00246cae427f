"""Reads /metrics as Prometheus does."""

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests import plain_http
from tests.running_app import METRICS_TOKEN, RunningApp


def read_metrics(app: RunningApp) -> str:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    answer = plain_http.get(f"{app.url}/api/metrics", headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def read_figures(app: RunningApp) -> list[Sample]:
    return [sample for family in text_string_to_metric_families(read_metrics(app)) for sample in family.samples]


def figure(app: RunningApp, name: str, **labels: str) -> float:
    """The one with these labels; 0 while there is none."""
    return sum(sample.value for sample in read_figures(app) if (sample.name, sample.labels) == (name, labels))
