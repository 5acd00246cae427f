"""The doctor's report for people: a line a check, what to do below it, and addresses without their passwords."""

import re

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crm_core.cli.doctor_check import Check, Status

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.PROBLEM: "bold red"}
_LOGIN = re.compile(r"(://[^:@/]*):.*@")
_OPTION = re.compile(r"([?&;][^=&;]*password=)[^&;]*", re.IGNORECASE)
MASK = "***"
_BAD = (Status.PROBLEM, Status.WARNING)


def mask_passwords(url: str) -> str:
    """``redis://:***@host/0``; all up to the last ``@`` goes, since a password may hold one that is not escaped."""
    return _OPTION.sub(rf"\1{MASK}", _LOGIN.sub(rf"\1:{MASK}@", url))


def print_report(console: Console, checks: list[Check], addresses: dict[str, str | None]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in checks:
        table.add_row(Text(check.status, _COLOURS[check.status]), check.name, Text(check.words))
        if check.advice:
            table.add_row("", "", Text(check.advice, "italic"))
    console.print(table)
    console.print()
    for name, address in addresses.items():
        shown = mask_passwords(address) if address else "unknown"
        console.print(Text(f"{name:<11}  {shown}"), soft_wrap=True)
    if any(address and mask_passwords(address) != address for address in addresses.values()):
        console.print(Text("Passwords are masked here; --json shows them."), soft_wrap=True)
    console.print(_summary(checks), soft_wrap=True)


def _summary(checks: list[Check]) -> Text:
    counts = {status: sum(check.status is status for check in checks) for status in Status}
    bad = [f"{counts[status]} {status}{'s' * (counts[status] != 1)}" for status in _BAD if counts[status]]
    worst = max((check.status for check in checks), key=list(Status).index)
    return Text("All is well." if worst is Status.OK else f"{' and '.join(bad)}.", _COLOURS[worst])
