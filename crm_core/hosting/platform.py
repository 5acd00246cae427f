"""Opens what a process of ClientNest runs on: configured servers, those of a running app, or its own."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock
from pydantic import SecretStr

from crm_core.errors import Conflict
from crm_core.hosting.child_settings import told_to_vendor, told_to_worker
from crm_core.hosting.data_upgrade import DataUpgrade
from crm_core.hosting.folder import DataFolder
from crm_core.hosting.mongod import administrator_uri, mongod_spec, mongodb_uri, prepare_mongod
from crm_core.hosting.ownership import clear_leftovers, own_or_find_owner
from crm_core.hosting.private_folder import FILE_MODE, make_private
from crm_core.hosting.runtime_file import RuntimeFile, mark_children
from crm_core.hosting.start_failures import check_start
from crm_core.hosting.supervisor import ChildSpec, Supervisor
from crm_core.hosting.valkey import redis_url, valkey_spec, wait_for_valkey
from crm_core.infra.heartbeat import WORKER_GROUPS
from crm_core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PRELOADED = "workers"
"""The process that our workers fork from, which is told nothing; the vendor is none of them."""


@contextmanager
def open_platform(settings: Settings, *, app_url: str | None = None, workers: bool = True) -> Iterator[Settings]:
    """Yield settings whose servers are up; end on exit what was started for them.

    app_url: where this process serves the app, if it does. workers: whether to run them too, should this process
    be the one that owns the data folder. Raises NoEmbeddedServers, UnusableFolder, Conflict, Unavailable.
    """
    if not settings.starts_servers and not settings.starts_workers:
        yield settings
        return
    folder = DataFolder(settings.data_dir)
    with ExitStack() as stack:
        with folder.faults_in_words():
            lock = FileLock(folder.lock_path, mode=FILE_MODE)
            runtime = own_or_find_owner(lock, folder)
            if runtime is None:
                stack.callback(lock.release)
                ready = _start(settings, folder, app_url, stack, workers=workers)
            else:
                _check_may_attach(settings, folder, runtime, app_url)
                ready = attach(settings, runtime)
        yield ready


def _start(settings: Settings, folder: DataFolder, app_url: str | None, stack: ExitStack, *, workers: bool) -> Settings:
    clear_leftovers(folder)
    make_private(folder.path)
    if settings.starts_servers:
        folder.check_space()
    owner = _Owner(settings, folder, app_url)
    stack.callback(owner.close)
    owner.start_servers()
    if workers and settings.starts_workers:
        owner.start_workers()
    return owner.settings


def _check_may_attach(settings: Settings, folder: DataFolder, runtime: RuntimeFile, app_url: str | None) -> None:
    """Raise Conflict for an app on the servers of another process: it would lose them when that one ends."""
    if app_url is None or not settings.starts_servers:
        return
    if runtime.app_url:
        raise Conflict(
            f"ClientNest already runs on the data folder {folder.path}: open {runtime.app_url}, or stop it (process "
            f"{runtime.owner_pid}) first. For a second one beside it, set CRM_DATA_DIR to another folder."
        )
    raise Conflict(
        f"A command (process {runtime.owner_pid}) uses the data folder {folder.path}: start ClientNest when it has "
        "ended, or set CRM_DATA_DIR to another folder."
    )


def attach(settings: Settings, runtime: RuntimeFile) -> Settings:
    """Return settings that use the servers of the process that wrote ``runtime``; configured URIs stand."""
    return settings.with_servers(
        mongodb_uri=settings.mongodb_uri or runtime.mongodb_uri,
        redis_url=settings.redis_url or runtime.redis_url,
        vendor_url=settings.vendor_url or runtime.vendor_url,
        vendor_secret=settings.vendor_secret or SecretStr(runtime.vendor_secret),
        receipts_url=settings.receipts_url or runtime.app_url,
    )


class _Owner:
    """The process that holds the lock of the data folder, and what it runs."""

    def __init__(self, settings: Settings, folder: DataFolder, app_url: str | None) -> None:
        self._configured = settings
        self._folder = folder
        self._app_url = app_url
        self._secrets = folder.load_secrets()
        self._ports = {name: folder.pick_port(name) for name in ("mongod", "valkey", "vendor")}
        self._is_ready = False
        self._writing = threading.Lock()
        self._pids: Mapping[str, int] = {}
        self._servers: list[str] = []
        self._data: DataUpgrade | None = None
        self.settings = attach(settings, self._runtime())
        self._supervisor = Supervisor(self._note_pids)

    def start_servers(self) -> None:
        """Start those that are not configured, side by side, and wait for both."""
        ports, secrets = self._ports, self._secrets
        if not self._configured.redis_url:
            self._start_server(valkey_spec(self._folder, secrets, ports["valkey"]))
        if not self._configured.mongodb_uri:
            cache_gb = self.settings.mongodb_cache_gb
            self._start_server(mongod_spec(self._folder, secrets, ports["mongod"], cache_gb))
            prepare_mongod(secrets, ports["mongod"], self.settings.mongodb_database, self._check_servers)
        if not self._configured.redis_url:
            wait_for_valkey(redis_url(secrets, ports["valkey"]), self._check_servers)
        for name in self._servers:
            self._supervisor.trust(name)
        if not self._configured.mongodb_uri:
            self._data = DataUpgrade(administrator_uri(secrets, ports["mongod"]), self.settings.mongodb_database)
            self._data.start()
        self._is_ready = True
        self._write_runtime()

    def start_workers(self) -> None:
        if not self._configured.vendor_url:
            port, data = str(self._ports["vendor"]), str(self._folder.path / "vendor.sqlite")
            self._start_worker("vendor", told_to_vendor(self.settings), "--port", port, "--data", data)
        origin = PRELOADED if sys.platform == "linux" else None
        if origin:
            argv = (sys.executable, "-m", "workers.preloaded")
            path = self._folder.logs / f"{origin}.log"
            self._supervisor.start(ChildSpec(origin, argv, path, ROOT, until_eof=True, is_preloaded=True))
        for name in WORKER_GROUPS:
            self._start_worker(name, told_to_worker(name, self.settings, os.environ), fork_of=origin)

    def close(self) -> None:
        self._is_ready = False  # whoever comes now waits for the folder instead of using servers that are ending
        with contextlib.suppress(OSError):  # as on a full disk
            self._write_runtime()
        if self._data:
            self._data.close()
        self._supervisor.stop()
        self._folder.remove_runtime()

    def _start_server(self, spec: ChildSpec) -> None:
        self._servers.append(spec.name)
        self._supervisor.start(spec, on_trial=True)

    def _start_worker(self, name: str, env: Mapping[str, str], *options: str, fork_of: str | None = None) -> None:
        module = (f"workers.{name}", "--until-eof", *options)
        argv = module if fork_of else (sys.executable, "-m", *module)
        path = self._folder.logs / f"{name}.log"
        self._supervisor.start(ChildSpec(name, argv, path, ROOT, env, until_eof=True, fork_of=fork_of))

    def _check_servers(self) -> None:
        for name in self._servers:
            check_start(name, self._supervisor.last_end(name))

    def _note_pids(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._write_runtime()

    def _write_runtime(self) -> None:
        with self._writing:  # the supervisor's thread writes too
            self._folder.write_runtime(self._runtime())

    def _runtime(self) -> RuntimeFile:
        """Return what the runtime file says now; others attach once it is ready."""
        return RuntimeFile(
            owner_pid=os.getpid(),
            is_ready=self._is_ready,
            app_url=self._app_url,
            mongodb_uri=self._configured.mongodb_uri or mongodb_uri(self._secrets, self._ports["mongod"]),
            redis_url=self._configured.redis_url or redis_url(self._secrets, self._ports["valkey"]),
            vendor_url=self._configured.vendor_url or f"http://127.0.0.1:{self._ports['vendor']}",
            vendor_secret=self._secrets.vendor_secret,
            children=mark_children(self._pids),
        )
