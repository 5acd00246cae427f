"""Clients whose key has a rate of its own."""

import httpx

from tests.running_app import RunningApp


def client_with_rate(app: RunningApp, *scopes: str, rate: int, burst: int | None = None) -> httpx.Client:
    """burst: when left out, that of the command."""
    return app.client(app.create_key(*scopes, rate=rate, burst=burst))
