"""What pages are handed: the services of the process, and who is acting."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from crm_core.access.actor import Actor
from crm_core.access.sign_in.connection import Connection
from crm_core.errors import CrmError, SignedOut
from crm_core.services import Services, current
from crm_core.upgrades.progress import UpgradeProgress, Upgrading
from crm_core.workspace.model import WorkspaceSettings


def services() -> Services:
    """The one Services object that the lifespan built. Raises Unavailable while there is none."""
    return current()


def upgrade() -> UpgradeProgress | None:
    """How far the data are brought forward, if that is why there are no services yet."""
    try:
        current()
    except Upgrading as exc:
        return exc.progress
    except CrmError:
        return None
    return None


def connection() -> Connection:
    """What the front door says of the browser's connection."""
    return Connection.parse(str(st.user.to_dict().get("connection") or ""))


def actor() -> Actor:
    """Who is at the browser, with the role of now, at most 2 s old. Raises SignedOut, and Unavailable."""
    return _actor_of(connection().session_id, _origin())


def actor_later() -> Callable[[], Actor]:
    """Asks anew who this is, outside the run of a page too: for what a click begins later."""
    return partial(_actor_of, connection().session_id, _origin())


def _origin() -> str | None:
    """The browser's address; None on this machine, and where a page runs without a browser."""
    address: object = st.context.ip_address
    return address if isinstance(address, str) else None


def _actor_of(session_id: str | None, origin: str | None) -> Actor:
    found = services().sign_in.actor_of(session_id) if session_id else None
    if found is None:
        raise SignedOut("You are signed out. Sign in again to go on.")
    return replace(found, origin=origin)


def brand() -> tuple[str, str]:
    """Name and accent colour of the workspace; the defaults while nobody can be asked."""
    try:
        settings = services().workspace.current()
    except CrmError:
        settings = WorkspaceSettings()
    return settings.workspace_name, settings.accent_colour
