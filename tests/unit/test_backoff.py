"""How long a worker waits after failures."""

import pytest

from crm_core.infra.backoff import compute_backoff


@pytest.mark.parametrize(("failures", "least", "most"), [(1, 0.1, 0.2), (3, 0.4, 0.8), (10, 2.5, 5), (10_000, 2.5, 5)])
def test_the_wait_after_failures_doubles_up_to_five_seconds(failures: int, least: float, most: float) -> None:
    waits = {compute_backoff(failures) for _ in range(50)}
    assert least <= min(waits) < max(waits) <= most
