"""An app that is killed or stopped and started again at the same address and in the same folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crm_core.hosting.ports import free_port
from crm_core.services import Services
from tests.running_app import RunningApp, start_app
from tests.waiting import eventually


class Site:
    """stack: ends what was started."""

    def __init__(self, data_dir: Path, stack: ExitStack) -> None:
        self._data_dir, self._stack = data_dir, stack
        self._port = free_port()
        self._app: RunningApp | None = None

    @property
    def app(self) -> RunningApp:
        """As it runs now; another process after it has ended."""
        if self._app is None or self._app.process.poll() is not None:
            return self._start()
        return self._app

    def kill(self, victim: str) -> None:
        """``kill -9`` of a worker, a server or "app", which is then started again as its supervisor would be."""
        if victim == "app":
            self.app.kill()
            self._start()
        else:
            self.app.kill_child(victim)

    def _start(self) -> RunningApp:
        self._app = self._stack.enter_context(start_app(self._data_dir, port=self._port))
        return self._app

    @contextmanager
    def services(self) -> Iterator[Services]:
        """What a worker has, as soon as the servers answer."""
        with ExitStack() as stack:
            yield eventually(lambda: stack.enter_context(self.app.services()), what="servers")
