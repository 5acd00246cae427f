"""Starts the app as ``make run`` does, in a process of its own with a data folder of its own."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from typer.testing import CliRunner

from crm_core.access.api_key import choose_rate
from crm_core.cli.main import app as command_line
from crm_core.hosting.folder import DataFolder
from crm_core.hosting.platform import attach
from crm_core.hosting.ports import free_port
from crm_core.hosting.runtime_file import RuntimeFile
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests import plain_http
from tests.actors import OPERATOR
from tests.api_contract import check_answer
from tests.databases import as_administrator
from tests.waiting import eventually

Done = subprocess.CompletedProcess[str]
ROOT = Path(__file__).resolve().parents[1]
# A message ends as delivered or failed, so that a test knows when its campaign is done.
NO_OPENS = '{"open_rate": 0}'
METRICS_TOKEN = "a token of the tests"
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 40.0
SHORT_LIVED = httpx.Limits(keepalive_expiry=2)
"""The app closes connections that were idle for 5 s, which may be just when the next request is written."""


@dataclass
class RunningApp:
    """url: of the app, without a slash at its end."""

    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]

    @property
    def runtime(self) -> RuntimeFile:
        found = DataFolder(self.data_dir).read_runtime()
        assert found is not None, "the app has written no runtime file"
        return found

    def command(self, *arguments: str) -> Done:
        """Run ``python -m crm_core …`` against this app."""
        return run_command(self.data_dir, *arguments)

    def command_here(self, *arguments: str, **settings: str) -> Done:
        """As ``command``, but in this process, which saves a second. settings: of the environment."""
        return run_command_here(self.data_dir, *arguments, **settings)

    def create_key(self, *scopes: str, name: str = "", rate: int | None = None, burst: int | None = None) -> str:
        """As the command does. name: one that no other key has, if it matters."""
        with self.services() as services:
            own_rate = choose_rate(rate, burst)
            return services.keys.create(name or new_key_name(), scopes, actor=OPERATOR, rate=own_rate)

    def api(self, *scopes: str) -> httpx.Client:
        """A client of the REST API with a new key of these scopes."""
        return self.client(self.create_key(*scopes))

    def client(self, key: str | None = None) -> httpx.Client:
        """A client with this key, or without one. Each answer must be as the OpenAPI document says."""
        return plain_http.new_client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=60,
            limits=SHORT_LIVED,
            event_hooks={"response": [check_answer]},
        )

    @contextmanager
    def services(self) -> Iterator[Services]:
        """What a worker of this app has: its servers, looked at from outside."""
        with self._services(self.settings) as built:
            yield built

    @contextmanager
    def administrator(self) -> Iterator[Services]:
        """The same with all rights in MongoDB, to empty it or to measure it."""
        with self._services(as_administrator(self.settings)) as built:
            yield built

    @property
    def settings(self) -> Settings:
        """That attach to its servers."""
        return attach(Settings(data_dir=self.data_dir), self.runtime)

    @contextmanager
    def _services(self, settings: Settings) -> Iterator[Services]:
        built = build_services(settings)
        try:
            yield built
        finally:
            built.close()

    def start_command(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin ``python -m crm_core …`` against this app and go on meanwhile."""
        return start_command(self.data_dir, *arguments)

    @contextmanager
    def suspended(self, child: str | None = None) -> Iterator[None]:
        """The app, or a worker or server of it, does nothing meanwhile."""
        process = self.child(child) if child else psutil.Process(self.process.pid)
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    def kill(self) -> None:
        """What ``kill -9`` does to the app alone."""
        self.process.kill()
        self.process.wait(STOP_TIMEOUT_S)

    def child(self, name: str) -> psutil.Process:
        """The process of a worker or server as it runs now, once there is one: it may be about to be started again."""
        found = eventually(lambda: self._find(name), what=f"child {name}")
        assert found
        return found

    def kill_child(self, name: str) -> None:
        """One that runs: another that ends just now is not counted."""
        eventually(lambda: _has_killed(self.child(name)), what=f"child {name}")

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def _find(self, name: str) -> psutil.Process | None:
        mark = self.runtime.children.get(name)
        try:
            return psutil.Process(mark.pid) if mark else None
        except psutil.NoSuchProcess:
            return None


def _has_killed(process: psutil.Process) -> bool:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return False
    return True


def new_key_name() -> str:
    """One that no other key has."""
    return f"test {uuid.uuid4().hex[:12]}"


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    return {**os.environ, "CRM_DATA_DIR": str(data_dir), **settings}


def start_command(data_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "crm_core", *arguments],
        cwd=ROOT,
        env=environment(data_dir),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_command_here(data_dir: Path, *arguments: str, **settings: str) -> Done:
    done = CliRunner().invoke(command_line, arguments, env={"CRM_DATA_DIR": str(data_dir), **settings})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Done(arguments, done.exit_code, done.stdout, done.stderr)


def run_command(data_dir: Path, *arguments: str) -> Done:
    return subprocess.run(
        [sys.executable, "-m", "crm_core", *arguments],
        cwd=ROOT,
        env=environment(data_dir),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def start_worker(app: RunningApp, name: str, *arguments: str) -> subprocess.Popen[bytes]:
    """One more worker on this app's servers, which nobody starts again."""
    return subprocess.Popen(
        [sys.executable, "-m", f"workers.{name}", *arguments],
        cwd=ROOT,
        env=environment(app.data_dir),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def start_app(data_dir: Path, *options: str, port: int | None = None, **settings: str) -> Iterator[RunningApp]:
    """The app on a free port, up and serving; stopped in order afterwards, killed if it does not stop."""
    port = port or free_port()
    log = (data_dir / "app.log").open("ab")
    argv: Sequence[str] = (
        *(sys.executable, "-m", "streamlit", "run", "app.py"),
        *("--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"),
        *options,
    )
    ours = {"CRM_LOCAL_ADMIN": "1", "CRM_VENDOR_BEHAVIOUR": NO_OPENS, "CRM_METRICS_TOKEN": METRICS_TOKEN}
    env = environment(data_dir, **(ours | settings))
    process = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=log, stderr=log)
    running = RunningApp(f"http://127.0.0.1:{port}", data_dir, process)
    try:
        _wait_until_up(running)
        yield running
    finally:
        log.close()
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_up(running: RunningApp) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if running.process.poll() is not None:
            break
        try:
            if plain_http.get(f"{running.url}/_stcore/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("The app did not start:\n" + (running.data_dir / "app.log").read_text()[-4000:])
