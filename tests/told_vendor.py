"""The vendor of a running app, told how to behave while it runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests import plain_http
from tests.running_app import RunningApp


def vendor(app: RunningApp) -> httpx.Client:
    """With the right to change how it behaves."""
    assert app.runtime.vendor_url
    headers = {"Authorization": f"Bearer {app.runtime.vendor_secret}"}
    return plain_http.new_client(base_url=app.runtime.vendor_url, headers=headers, timeout=30)


@contextmanager
def behaving(app: RunningApp, **behaviour: Any) -> Iterator[None]:
    """It behaves so, and as before afterwards. behaviour: fields of docs/vendor.md."""
    with vendor(app) as told:
        before = told.get("/v1/behaviour").raise_for_status().json()
        told.patch("/v1/behaviour", json=behaviour).raise_for_status()
        try:
            yield
        finally:
            told.patch("/v1/behaviour", json=before).raise_for_status()
