"""What commands share: the services of the running app, errors in words, and who acts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from crm_core.access.actor import system_actor
from crm_core.cli.upgrading import upgrade_bar
from crm_core.errors import CrmError
from crm_core.hosting.platform import open_platform
from crm_core.services import Services, build_services
from crm_core.settings import Settings

OPERATOR = system_actor("command line")
console = Console(stderr=True, highlight=False)


@contextmanager
def running_services(*, workers: bool) -> Iterator[Services]:
    """Those of the running app; without one, servers (and workers) of our own for as long as this takes."""
    with in_words():
        settings = Settings.load()
        with open_platform(settings, workers=workers) as ready:
            with upgrade_bar(console) as watch:
                services = build_services(ready, watch=watch)
            try:
                yield services
            finally:
                services.close()


@contextmanager
def in_words() -> Iterator[None]:
    try:
        yield
    except CrmError as exc:
        console.print(f"[red]Error:[/red] {escape(str(exc))}", soft_wrap=True)
        sys.exit(1)
