"""The command line: ``python -m crm_core …``."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from crm_core.cli.doctor import doctor
from crm_core.cli.keys import keys
from crm_core.cli.running import OPERATOR, console, in_words, running_services
from crm_core.errors import Unavailable
from crm_core.hosting.runtime_file import is_owned, read_runtime
from crm_core.imports.recognising.exported import notes_on
from crm_core.imports.recognising.mapping import parse_mapping
from crm_core.imports.recognising.plan import ImportOptions
from crm_core.imports.running.connection import ApiConnection
from crm_core.imports.running.run import ImportRun, prepare_run
from crm_core.infra.logs import configure_logs
from crm_core.infra.streams import INGESTED
from crm_core.settings import Settings

STORE_TIMEOUT_S = 600.0

app = typer.Typer(help="ClientNest CRM on the command line.", no_args_is_help=True, add_completion=False)
app.add_typer(keys, name="key")
app.command()(doctor)


@app.callback()
def prepare() -> None:
    """ClientNest CRM on the command line."""
    configure_logs("ERROR", "command")


@app.command()
def demo(
    customers: Annotated[int, typer.Option(help="How many customers, 1 to 2,000,000.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same shop.")] = 1,
) -> None:
    """Fill the database with made-up customers, two years of their orders and a year of campaigns."""
    with running_services(workers=True) as services, _progress() as progress:
        started = time.monotonic()
        task = progress.add_task("Making records", total=None)
        shop = services.demo_loader.load(
            customers=customers,
            seed=seed,
            progress=lambda done, in_all: progress.update(task, completed=done, total=in_all),
        )
        progress.update(task, description="Storing them")
        services.publisher.wait_until_empty(*INGESTED, timeout_s=STORE_TIMEOUT_S)
        services.past_loader.store(shop, lambda more: progress.advance(task, more))
        services.audit.record(OPERATOR, "demo.load", "demo", {"customers": customers, "seed": seed})
    seconds = time.monotonic() - started
    console.print(
        f"{shop.customer_count:,} customers, {shop.order_count:,} orders and {len(shop.responses)} past campaigns "
        f"stored in {seconds:.1f} s."
    )


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    key: Annotated[
        str,
        typer.Option(
            envvar="CRM_API_KEY",
            show_envvar=False,
            help="An API key with the scope ingest:write. Better in the environment, as CRM_API_KEY: others on this "
            "machine can read a command's options.",
        ),
    ],
    url: Annotated[str | None, typer.Option(help="Root of the API. Default: the app running in CRM_DATA_DIR.")] = None,
    format_name: Annotated[
        str | None, typer.Option("--format", help="csv, ndjson or cdnow; guessed if left out.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="customers, orders or events; guessed if left out.")] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=FIELD", help="Where a column goes; FIELD empty leaves it out. As often as needed."
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="End when all is stored, not when all is accepted.")] = False,
    lift_denials: Annotated[
        bool,
        typer.Option("--lift-denials", help="Let consent that the file grants lift a customer's denial on record."),
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew instead of going on after a stop.")] = False,
) -> None:
    """Send a file of customers, orders or events through the REST API. The same file twice changes nothing."""
    with in_words():
        options = ImportOptions(format_name, kind, parse_mapping(maps or ()), lifts_denials=lift_denials)
        connection = ApiConnection(url or _running_app(), key, say=_say)
        folder = Settings.load().data_dir / "imports"
        started, run = time.monotonic(), None
        try:
            with _progress() as progress:
                task = progress.add_task(f"Reading {escape(file.name)}", total=None)
                run = prepare_run(file, options, connection, folder, wait=wait, restart=restart)
                _carry_out(run, progress, task, wait=wait)
        except KeyboardInterrupt:
            _say(run.stopped if run else "Stopped before anything was sent.")
            raise typer.Exit(130) from None
    _report(run, seconds=time.monotonic() - started, is_stored=wait)


def _carry_out(run: ImportRun, progress: Progress, task: TaskID, *, wait: bool) -> None:
    if run.begun.done:
        _say(f"Going on after {run.begun.accepted:,} records accepted before; --restart begins anew.")
    kind, count = run.plan.kind.name, run.plan.count
    for note in notes_on(run.plan.columns, run.plan.kind):
        _say(note)
    progress.update(task, description=f"Importing {kind}", total=count, completed=run.begun.done)
    run.send(lambda result: progress.update(task, completed=result.done))
    if wait:
        run.wait(lambda waiting: progress.update(task, description=f"Storing {kind}: {waiting:,} wait"))
    run.finish()


def _report(run: ImportRun, *, seconds: float, is_stored: bool) -> None:
    result, before = run.result, run.begun.accepted
    rate = (result.accepted - before) / seconds
    earlier = f", {before:,} of them before;" if before else ""
    stored = " and stored" if is_stored else ""
    _say(
        f"{result.accepted:,} records accepted{stored}{earlier} in {seconds:.1f} s ({rate:,.0f}/s), "
        f"{result.rejected:,} rejected."
    )
    if result.denials_kept:
        _say(f"{count_denials(result.denials_kept)} kept; --lift-denials lets the file lift them.")
    for error in result.errors:
        _say(f"  {error}")
    if result.rejected > len(result.errors):
        _say(f"  and {result.rejected - len(result.errors):,} more")
    if result.rejected:
        raise typer.Exit(1)


def count_denials(number: int) -> str:
    return "1 denial of consent on record was" if number == 1 else f"{number:,} denials of consent on record were"


def _say(words: str) -> None:
    console.print(escape(words), soft_wrap=True)


def _running_app() -> str:
    folder = Settings.load().data_dir
    runtime = read_runtime(folder)
    if runtime is None or runtime.app_url is None or not is_owned(folder):
        raise Unavailable("No app is running in CRM_DATA_DIR: start it with make run, or say --url.")
    return runtime.app_url


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)
