"""What the log says of a page that fails: the kind of fault and its place, not its text, which may quote a record."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from websockets.sync.client import connect

from crm_core.hosting.ports import free_port
from tests import plain_http
from tests.running_app import ROOT
from tests.waiting import eventually

SECRET = "anna@example.com"
APP = """
from contextlib import asynccontextmanager
import streamlit as st
from crm_core.infra.logs import configure_logs

@asynccontextmanager
async def lifespan(_):
    configure_logs("INFO", "app", "text")
    yield

app = st.App("page.py", lifespan=lifespan)
"""
PAGE = f"""
def read(record):
    raise ValueError(record)

read({SECRET!r})
"""


@pytest.fixture
def failing_app(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """Its port and its log: one page, without our guard, under our settings of Streamlit and of the log."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "page.py").write_text(PAGE)
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text((ROOT / ".streamlit" / "config.toml").read_text())
    port, log = free_port(), tmp_path / "app.log"
    options = ("--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", *options],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=output,
            stderr=output,
        )
    try:
        eventually(lambda: _is_up(port), what="the app with a page that fails")
        yield port, log
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _is_up(port: int) -> bool:
    try:
        return plain_http.get(f"http://127.0.0.1:{port}/_stcore/health").is_success
    except httpx.TransportError:
        return False


def test_the_text_of_a_page_s_exception_is_not_logged(failing_app: tuple[int, Path]) -> None:
    port, log = failing_app
    with connect(f"ws://localhost:{port}/_stcore/stream", max_size=None, proxy=None) as stream:
        stream.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        eventually(lambda: "ValueError" in log.read_text(), what="the fault in the log")
    said = log.read_text()
    assert "page.py:3" in said
    assert SECRET not in said
    assert "Traceback" not in said
