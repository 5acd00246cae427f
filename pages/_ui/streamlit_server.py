"""What the app asks of Streamlit's server, and tells it, beside its pages."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequest, ScriptRequests
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState

from crm_core.front_door.headers import COMMUNITY_CLOUD
from crm_core.front_door.session_binding import HEADER
from crm_core.settings import Settings


def configure_streamlit(settings: Settings) -> None:
    """What ``.streamlit/config.toml`` cannot know: the host people use, who frames the app there, and that a change is
    stored to its end."""
    _finish_callbacks()
    if settings.public_url:
        config.set_option("server.allowedHosts", [urlsplit(settings.public_url).hostname])
    if settings.hosting == "community-cloud":
        config.set_option("server.allowedHosts", ["*"])  # its proxy routes by name, and alone reaches the app
        config.set_option("server.corsAllowedOrigins", [settings.public_url])
        config.set_option("client.allowedOrigins", [COMMUNITY_CLOUD, settings.public_url])


def _finish_callbacks() -> None:
    """Streamlit breaks a callback off at its next use of the session when its reader has done the next thing meanwhile,
    and what it was about to store is lost. Here that waits until the callback is done (ADR 35)."""
    look = ScriptRequests.on_scriptrunner_yield

    def look_after_callbacks(requests: ScriptRequests) -> ScriptRequest | None:
        return None if ThreadState.get().run_location is RunLocation.CALLBACK else look(requests)

    ScriptRequests.on_scriptrunner_yield = look_after_callbacks  # type: ignore[method-assign, assignment]


def uploaded_bytes() -> Mapping[str, int]:
    """Bytes of the uploads that are kept in memory, by Streamlit's session."""
    manager = runtime.get_instance().uploaded_file_mgr
    assert isinstance(manager, MemoryUploadedFileManager)
    return {session: sum(len(f.data) for f in [*files.values()]) for session, files in [*manager.file_storage.items()]}


def connection_of(session: str) -> str | None:
    """What the front door said of the page that has this Streamlit session open; None if no page has."""
    client = runtime.get_instance().get_client(session)
    context = client and client.client_context
    return next((value for name, value in context.headers if name == HEADER.decode()), None) if context else None
