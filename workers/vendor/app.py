"""The vendor as an application: its routes, its file, and the tasks that call back."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError

from crm_core.errors import InvalidInput, Unavailable
from workers.vendor.attacks import Attacker
from workers.vendor.callbacks import ReceiptSender
from workers.vendor.config import VendorConfig
from workers.vendor.live_behaviour import LiveBehaviour
from workers.vendor.problems import Problem, answer_bad_query, answer_invalid, answer_problem, answer_unavailable
from workers.vendor.routes import Vendor, router
from workers.vendor.store import VendorStore

_CALLBACK_TIMEOUT_S = 10.0
_LAST_CALLBACK_S = 0.8  # how long a stop waits for the callback in hand; SIGTERM promises 2 s in all

log = structlog.stdlib.get_logger(__name__)


def create_app(config: VendorConfig) -> FastAPI:
    """Build the vendor; its file is opened and its sender started by the lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _run_vendor(config) as vendor:
            app.state.vendor = vendor
            yield

    app = FastAPI(title="Simulated vendor", lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(Unavailable, answer_unavailable)
    app.add_exception_handler(InvalidInput, answer_invalid)
    app.add_exception_handler(RequestValidationError, answer_bad_query)
    app.include_router(router)
    return app


@asynccontextmanager
async def _run_vendor(config: VendorConfig) -> AsyncIterator[Vendor]:
    store = VendorStore(config.data_path)
    behaviour = LiveBehaviour(store, config.initial_behaviour)
    # trust_env=False: a proxy in the environment must not stand between two programs of one machine.
    client = httpx.AsyncClient(timeout=_CALLBACK_TIMEOUT_S, trust_env=False)
    attacker = Attacker(store, behaviour, client, config.callback_url)
    sender = ReceiptSender(store, client, config.callback_url, config.secret, attacker.overhear)
    tasks = [asyncio.create_task(sender.run()), asyncio.create_task(attacker.run())]
    for task in tasks:
        task.add_done_callback(_end_process_on_bug)
    try:
        yield Vendor(config, store, behaviour, sender, store.load_calls())
    finally:
        sender.stop()
        await asyncio.wait(tasks[:1], timeout=_LAST_CALLBACK_S)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await client.aclose()
        store.close()


def _end_process_on_bug(task: asyncio.Task[None]) -> None:
    # A vendor that accepts and never calls back would look healthy; the supervisor starts it anew instead.
    if not task.cancelled() and (exc := task.exception()) is not None:
        log.error("sender died", exc_info=exc)
        os.kill(os.getpid(), signal.SIGTERM)
