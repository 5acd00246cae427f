"""Clients whose key has a rate of its own."""

import httpx

from tests.running_app import RunningApp, new_key_name


def client_with_rate(app: RunningApp, *scopes: str, rate: int, burst: int | None = None) -> httpx.Client:
    """burst: when left out, that of the command."""
    options = ["--rate", str(rate), *(["--burst", str(burst)] if burst else [])]
    done = app.command("key", "create", "--name", new_key_name(), "--scopes", ",".join(scopes), *options)
    assert done.returncode == 0, done.stderr
    return app.client(done.stdout.strip())
