"""The bare server that ingestion is compared with: FastAPI, Pydantic and XADD, with nothing of ours."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx
import redis.asyncio
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[1]
STREAM = "bench:orders"
REDIS_URL = "BARE_REDIS_URL"
START_TIMEOUT_S = 30


class Order(BaseModel):
    id: str
    customer_id: str
    amount: float
    status: str
    category: str
    ordered_at: datetime


def create_bare(redis_url: str) -> FastAPI:
    app = FastAPI()
    client = redis.asyncio.Redis.from_url(redis_url)

    @app.get("/up")
    async def get_up() -> dict[str, bool]:
        return {"up": True}

    @app.post("/order", status_code=202)
    async def post_order(order: Order) -> dict[str, int]:
        await cast("Any", client.xadd(STREAM, {"d": order.model_dump_json()}))
        return {"accepted": 1}

    @app.post("/orders", status_code=202)
    async def post_orders(orders: list[Order]) -> dict[str, int]:
        pipe = client.pipeline(transaction=False)
        for order in orders:
            pipe.xadd(STREAM, {"d": order.model_dump_json()})
        await pipe.execute()
        return {"accepted": len(orders)}

    return app


@contextmanager
def bare_api(redis_url: str) -> Iterator[str]:
    """The bare server on a free port, in a process of its own that ends with the block. Returns its URL."""
    from crm_core.hosting.ports import free_port  # here: its package sets limits that the bare server shall not have

    port = free_port()
    environment = {**os.environ, REDIS_URL: redis_url}
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.bare_api", str(port)], cwd=ROOT, env=environment)
    try:
        _wait_until_up(process, url := f"http://127.0.0.1:{port}")
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(f"{url}/up", trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("The bare server did not start.")


if __name__ == "__main__":
    # What Streamlit tells Uvicorn for an st.App: the same loop and HTTP parser (uvloop and httptools), no access log.
    uvicorn.run(
        create_bare(os.environ[REDIS_URL]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
    )
