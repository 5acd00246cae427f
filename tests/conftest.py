"""Real servers for every test that needs one: a mongod and a valkey-server of our own, on free ports."""

import gc
import json
import os
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from crm_core.hosting.platform import open_platform
from crm_core.infra.logs import configure_logs
from crm_core.services import Services, build_services
from crm_core.settings import Settings
from tests.databases import as_tester, empty, on_same_connections, restore, stop

for variable in [name for name in os.environ if name.startswith("CRM_")]:
    del os.environ[variable]  # the tests' settings are their own, whatever the shell says

# Python keeps what it has compiled, for the many processes that tests start: each would compile all the code anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background: commands would not hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
configure_logs("WARNING", "tests")
hypothesis.settings.register_profile("clientnest", deadline=None)  # a slow machine is no failure
hypothesis.settings.load_profile("clientnest")
LONGEST = ("browser", "api", "front_door", "faults", "recipes")
"""Folders whose tests take longest."""
SHARING = ("browser", "api", "front_door")
"""Folders whose files share an app, but for those that have one of their own. It ends with them: one that is idle still
takes some of the processor."""
SECOND = {"browser": ("front_door", "literal_text", "people", "provider", "sign_in", "unsubscribe")}
"""Files that share another one: all together would take longer than everything else beside them."""
APART = ("test_schemathesis.py",)
SERVERS = "CLIENTNEST_TEST_SERVERS"
"""Names servers that run already, as JSON of their settings: a mutation run starts some once for all its processes."""


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **length: float) -> None:
        self.now += timedelta(**length)


class ByApp(LoadScopeScheduling):  # type: ignore[misc]  # which has no types
    """Tests of a file run in one process, and so do all that share an app."""

    def _split_scope(self, nodeid: str) -> str:
        file = Path(nodeid.partition("::")[0])
        folder = file.parent.name
        if file.name in APART or folder not in SHARING:
            return str(file)
        is_second = file.stem.removeprefix("test_") in SECOND.get(folder, ())
        return f"{folder} {1 + is_second}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByApp:
    return ByApp(config, log)


def pytest_configure() -> None:
    """Until all tests are collected there is nothing to throw away."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no process is left alone with it."""
    items.sort(
        key=lambda item: LONGEST.index(item.path.parent.name) if item.path.parent.name in LONGEST else len(LONGEST)
    )


def pytest_collection_finish() -> None:
    """What is imported and collected stays, and is not looked through again and again for what does not."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def _main_module_stays() -> Iterator[None]:
    """A page that runs takes the place of the program's main module; processes that later tests start would run it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime(2026, 6, 15, 12, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of running servers, without workers: of those that the environment names, or of our own."""
    if running := os.environ.get(SERVERS):
        yield Settings(data_dir=tmp_path_factory.mktemp("servers"), local_admin=True, **json.loads(running))
        return
    settings = Settings(data_dir=tmp_path_factory.mktemp("servers"), mongodb_cache_gb=0.25, local_admin=True)
    with open_platform(settings, workers=False) as ready:
        yield as_tester(ready)


@pytest.fixture(scope="session")
def connected(servers: Settings) -> Iterator[Services]:
    """To connect and to look for indexes takes longer than most tests do, which therefore share the connections."""
    built = build_services(servers.with_servers(mongodb_database="test"))
    yield built
    built.close()


@pytest.fixture
def services(connected: Services, clock: TestClock) -> Iterator[Services]:
    """Services on an empty database and empty streams; what workers do is called by the test."""
    connected.redis.flushdb()
    restore(connected.db)
    built = on_same_connections(connected, clock)
    yield built
    stop(built)  # later it would write what it holds into what is emptied now
    empty(built.db)


@pytest.fixture(scope="session")
def cdnow_master() -> Path:
    """The real purchases, where the environment has them."""
    folder = os.environ.get("CDNOW_PATH")
    if not folder:
        pytest.skip("CDNOW_PATH is not set to the folder of the CDNOW files: real purchases are not tested here")
    return Path(folder) / "CDNOW_master.txt"
