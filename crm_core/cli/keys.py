"""Commands for API keys: ``key create``, ``key list``, ``key revoke``. Keys made here belong to the operator."""

import json
import sys
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crm_core.access.api_key import ApiKey, choose_rate
from crm_core.access.scopes import Scope
from crm_core.cli.running import OPERATOR, console, in_words, running_services

MAX_DAYS = 3650
PAGE = 1_000
PIPE_WIDTH = 240
COLUMNS = ("name", "owner", "scopes", "state", "last used", "expires")

keys = typer.Typer(help="API keys.", no_args_is_help=True)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="What the key is for, as no other is named; the audit log shows it.")],
    scopes: Annotated[str, typer.Option(help=f"Comma-separated, of {', '.join(Scope)}.")],
    days: Annotated[
        int | None,
        typer.Option("--expires-in-days", min=1, max=MAX_DAYS, help="Days until it works no more. Default: never."),
    ] = None,
    rate: Annotated[int | None, typer.Option(help="Requests per second of this key. Default: CRM_API_RATE.")] = None,
    burst: Annotated[
        int | None, typer.Option(help="Requests at once after a pause; needs --rate. Default: what it allows in 5 s.")
    ] = None,
) -> None:
    """Make an API key. The key is the only line on standard output, and is shown this once."""
    with in_words():
        own_rate = choose_rate(rate, burst)
    with running_services(workers=False) as services:
        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        expires_at = services.clock() + timedelta(days=days) if days else None
        typer.echo(services.keys.create(name, wanted, actor=OPERATOR, expires_at=expires_at, rate=own_rate))


@keys.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """List all API keys, the newest first, without their secrets."""
    with running_services(workers=False) as services:
        found: list[ApiKey] = []
        while page := services.keys.page(skip=len(found), limit=PAGE, actor=OPERATOR):
            found += page
        rows = [_to_row(key, key.fault(services.clock())) for key in found]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_in_words(row[column])) for column in COLUMNS))
    Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


@keys.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="Its name.")]) -> None:
    """Revoke an API key: it works no more, within a second, in every process."""
    with running_services(workers=False) as services:
        key = services.keys.revoke(services.keys.named(name, actor=OPERATOR).id, actor=OPERATOR)
    console.print(Text(f"{key.name} is revoked."))


def _to_row(key: ApiKey, fault: str | None) -> dict[str, Any]:
    return {
        "name": key.name,
        "owner": key.owner.name if key.owner else None,
        "scopes": sorted(key.scopes),
        "state": fault or "active",
        "last used": key.last_used_at and key.last_used_at.isoformat(timespec="seconds"),
        "expires": key.expires_at and key.expires_at.isoformat(timespec="seconds"),
        "id": key.id,
    }


def _in_words(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "–")
