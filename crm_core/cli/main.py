"""The command line: ``python -m crm_core …``."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from crm_core.access.keys import Scope
from crm_core.errors import CrmError, Unavailable
from crm_core.importing.formats import guess_format, open_import
from crm_core.importing.sending import Importer
from crm_core.infra.embedded.folder import DataFolder
from crm_core.infra.embedded.platform import open_platform
from crm_core.infra.logs import configure_logs
from crm_core.infra.streams import Stream
from crm_core.services import Services, build_services
from crm_core.settings import Settings

ACTOR = "command line"
STORE_TIMEOUT_S = 600.0
SHOWN_ERRORS = 10

app = typer.Typer(help="ClientNest CRM on the command line.", no_args_is_help=True, add_completion=False)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(keys, name="key")
console = Console(stderr=True, highlight=False)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for; the audit log shows it.")],
    scopes: Annotated[str, typer.Option(help=f"Comma-separated, of {', '.join(Scope)}.")],
) -> None:
    """Make an API key. The key is the only line on standard output, and is shown this once."""
    with _services(workers=False) as services:
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        typer.echo(services.keys.create(name, wanted, actor=ACTOR))


@app.command()
def demo(
    customers: Annotated[int, typer.Option(help="How many customers, 1 to 200,000.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shop.")] = 1,
) -> None:
    """Fill the database with made-up customers and two years of their orders."""
    with _services(workers=True) as services, _progress() as progress:
        started = time.monotonic()
        task = progress.add_task("Making records", total=None)
        made = services.demo_loader.load(
            customers=customers,
            seed=seed,
            progress=lambda done, in_all: progress.update(task, completed=done, total=in_all),
        )
        progress.update(task, description="Storing them")
        services.publisher.wait_until_empty(Stream.CUSTOMERS, Stream.ORDERS, timeout_s=STORE_TIMEOUT_S)
        services.audit.record(ACTOR, "demo.load", "demo", customers=customers, seed=seed)
    seconds = time.monotonic() - started
    console.print(f"{made[0]:,} customers and {made[1]:,} orders stored in {seconds:.1f} s.")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    key: Annotated[str, typer.Option(help="An API key with the scope ingest:write.")],
    url: Annotated[str | None, typer.Option(help="Root of the API. Default: the app running in CRM_DATA_DIR.")] = None,
    format_name: Annotated[str | None, typer.Option("--format", help="csv or cdnow; by default guessed.")] = None,
) -> None:
    """Send a file of customers or orders through the REST API. The same file twice changes nothing."""
    with _in_words():
        source = open_import(file, format_name or guess_format(file))
        importer = Importer(url or _running_app(), key)
        started = time.monotonic()
        with _progress() as progress, file.open("rb") as lines:
            task = progress.add_task(f"Importing {source.path}", total=sum(1 for _ in lines) - source.header_lines)
            result = importer.send(
                source,
                lambda count: progress.update(task, advance=count),
                waiting=lambda reason: console.print(escape(reason), soft_wrap=True),
            )
    seconds = time.monotonic() - started
    rate = result.accepted / seconds
    console.print(
        f"{result.accepted:,} records accepted in {seconds:.1f} s ({rate:,.0f}/s), {result.rejected:,} rejected."
    )
    for error in result.errors[:SHOWN_ERRORS]:
        console.print(f"  {escape(error)}", soft_wrap=True)
    if result.rejected > SHOWN_ERRORS:
        console.print(f"  and {result.rejected - SHOWN_ERRORS:,} more")
    if result.rejected:
        raise typer.Exit(1)


def _running_app() -> str:
    runtime = DataFolder(Settings.load().data_dir).read_runtime()
    if runtime is None or runtime.app_url is None or not runtime.is_alive:
        raise Unavailable("No app is running in CRM_DATA_DIR: start it with make run, or say --url.")
    return runtime.app_url


@contextmanager
def _services(*, workers: bool) -> Iterator[Services]:
    """Those of the running app; without one, servers (and workers) of our own for as long as this takes."""
    with _in_words():
        settings = Settings.load()
        configure_logs("ERROR", "command")
        with open_platform(settings, workers=workers) as ready:
            services = build_services(ready)
            try:
                yield services
            finally:
                services.close()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except CrmError as exc:
        console.print(f"[red]Error:[/red] {escape(str(exc))}", soft_wrap=True)
        sys.exit(1)


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)
