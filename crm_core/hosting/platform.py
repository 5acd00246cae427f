"""Opens what a process of ClientNest runs on: configured servers, those of a running app, or its own."""

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import SecretStr

from crm_core.hosting.folder import DataFolder, RuntimeFile, mark_children
from crm_core.hosting.mongod import mongod_spec, mongodb_uri, prepare_mongod
from crm_core.hosting.supervisor import ChildSpec, Supervisor
from crm_core.hosting.valkey import redis_url, valkey_spec, wait_for_valkey
from crm_core.infra.heartbeat import WORKER_GROUPS
from crm_core.settings import Settings

GIVE_UP_AFTER = 8
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def open_platform(settings: Settings, *, app_url: str | None = None, workers: bool = True) -> Iterator[Settings]:
    """Give settings whose servers are up, and end what was started for them.

    app_url: where this process serves the app, if it does. workers: whether to run them too, should this
    process be the one that owns the data folder. Raises NoEmbeddedServers, Unavailable.
    """
    if not settings.starts_servers and not settings.starts_workers:
        yield settings
        return
    folder = DataFolder(settings.data_dir)
    lock = FileLock(folder.lock_path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield attach(settings, folder.wait_for_runtime())
        return
    with ExitStack() as stack:
        stack.callback(lock.release)
        folder.end_orphans()
        owner = _Owner(settings, folder, app_url)
        stack.callback(owner.close)
        owner.start_servers()
        if workers and settings.starts_workers:
            owner.start_workers()
        yield owner.settings


def attach(settings: Settings, runtime: RuntimeFile) -> Settings:
    """Settings that use the servers of the app that wrote ``runtime``; configured URIs stand."""
    return settings.with_servers(
        mongodb_uri=settings.mongodb_uri or runtime.mongodb_uri,
        redis_url=settings.redis_url or runtime.redis_url,
        vendor_url=settings.vendor_url or runtime.vendor_url,
        vendor_secret=settings.vendor_secret or SecretStr(runtime.vendor_secret),
        public_url=settings.public_url or runtime.app_url,
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
        self.settings = attach(settings, self._runtime())
        self._supervisor = Supervisor(self._note_pids)

    def start_servers(self) -> None:
        """Start those that are not configured, side by side, and wait for both."""
        ports, secrets, supervisor = self._ports, self._secrets, self._supervisor
        if not self._configured.redis_url:
            supervisor.start(valkey_spec(self._folder, secrets, ports["valkey"]))
        if not self._configured.mongodb_uri:
            cache_gb = self.settings.mongodb_cache_gb
            supervisor.start(mongod_spec(self._folder, secrets, ports["mongod"], cache_gb))
            prepare_mongod(secrets, ports["mongod"], lambda: self._has_given_up("mongod"))
        if not self._configured.redis_url:
            wait_for_valkey(redis_url(secrets, ports["valkey"]), lambda: self._has_given_up("valkey"))
        self._is_ready = True
        self._write_runtime()

    def start_workers(self) -> None:
        env = self.settings.to_env()
        if not self._configured.vendor_url:
            port, data = str(self._ports["vendor"]), str(self._folder.path / "vendor.sqlite")
            self._start_worker("vendor", env, "--port", port, "--data", data)
        for name in WORKER_GROUPS:
            self._start_worker(name, env)

    def close(self) -> None:
        self._supervisor.stop()
        self._folder.remove_runtime()

    def _start_worker(self, name: str, env: Mapping[str, str], *options: str) -> None:
        argv = (sys.executable, "-m", f"workers.{name}", "--until-eof", *options)
        path = self._folder.logs / f"{name}.log"
        self._supervisor.start(ChildSpec(name, argv, path, ROOT, env, until_eof=True))

    def _has_given_up(self, name: str) -> bool:
        return self._supervisor.failures(name) >= GIVE_UP_AFTER

    def _note_pids(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._write_runtime()

    def _write_runtime(self) -> None:
        with self._writing:  # the supervisor's thread writes too
            self._folder.write_runtime(self._runtime())

    def _runtime(self) -> RuntimeFile:
        """What the runtime file says now; others attach once it is ready."""
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
