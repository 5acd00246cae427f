"""ASGI entry: user interface and REST API in one process, with its servers and workers. Wiring only."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware

from crm_core.access.modes import check_mode
from crm_core.api.app import create_api
from crm_core.api.first import ApiFirst
from crm_core.errors import CrmError
from crm_core.front_door.middleware import FrontDoor
from crm_core.hosting.platform import open_platform
from crm_core.infra.logs import configure_logs
from crm_core.services import current
from crm_core.serving import serving
from crm_core.settings import Settings
from pages._ui.rerun import rerun_of
from pages._ui.streamlit_server import configure_streamlit, connection_of, uploaded_bytes

load_settings = cache(Settings.load)


@asynccontextmanager
async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
    try:
        settings = load_settings()
        configure_logs(settings.log_level, "app", settings.log_format)
        check_mode(settings)
        configure_streamlit(settings)
        address = f"http://127.0.0.1:{st.get_option('server.port')}"
        with open_platform(settings, app_url=address) as ready, serving(ready):
            yield {}
    except CrmError as exc:
        sys.stderr.write(f"\nClientNest cannot start: {exc}\n")
        sys.stderr.flush()
        os._exit(1)  # raising would make the ASGI server print a traceback over the sentence


app = st.App(
    str(Path(__file__).resolve().parent / "pages" / "_shell.py"),
    lifespan=lifespan,
    middleware=[
        Middleware(
            FrontDoor,
            settings=load_settings,
            services=current,
            uploaded=uploaded_bytes,
            connection_of=connection_of,
            rerun_of=rerun_of,
        ),
        Middleware(ApiFirst, api=create_api()),
    ],
)
