"""An app that is killed and started again at the same address and in the same folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from crm_core.services import Services
from tests.running_app import RunningApp, start_app
from tests.waiting import eventually


class Site:
    """app: as it runs now; another process after it was killed. stack: ends what was started."""

    def __init__(self, data_dir: Path, stack: ExitStack) -> None:
        self._data_dir, self._stack = data_dir, stack
        self.app: RunningApp = stack.enter_context(start_app(data_dir))

    def kill(self, victim: str) -> None:
        """``kill -9`` of a worker, a server or "app", which is then started again as its supervisor would be."""
        if victim != "app":
            self.app.child(victim).kill()
            return
        port = urlsplit(self.app.url).port
        self.app.kill()
        self.app = self._stack.enter_context(start_app(self._data_dir, port=port))

    @contextmanager
    def services(self) -> Iterator[Services]:
        """What a worker has, as soon as the servers answer."""
        with ExitStack() as stack:
            yield eventually(lambda: stack.enter_context(self.app.services()), what="servers")
