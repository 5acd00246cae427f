"""How far an upgrade of the data is, on the command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crm_core.upgrades.progress import PROMISE, TITLE, UpgradeProgress
from crm_core.upgrades.runner import Watch


@contextmanager
def upgrade_bar(console: Console) -> Iterator[Watch]:
    """A bar that appears once there is something to wait for, and each failure once."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        said: list[str] = []

        def watch(progress: UpgradeProgress) -> None:
            if not bar.tasks:
                console.print(f"{TITLE}. {PROMISE}", soft_wrap=True)
                bar.add_task("", total=1.0)
            position = progress.position
            bar.update(bar.tasks[0].id, description=escape(position), completed=progress.fraction)
            if progress.failure and progress.failure not in said:
                said.append(progress.failure)
                console.print(f"[red]It has stopped:[/red] {escape(progress.failure)}", soft_wrap=True)

        yield watch
