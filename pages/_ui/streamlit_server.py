"""What the app asks of Streamlit's server, and tells it, beside its pages."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from streamlit import config, runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from crm_core.front_door.headers import COMMUNITY_CLOUD
from crm_core.front_door.session_binding import HEADER
from crm_core.settings import Settings
from pages._ui.script_requests import take_requests_in_order


def configure_streamlit(settings: Settings) -> None:
    """What ``.streamlit/config.toml`` cannot know: the host people use, who frames the app there, and how requests to
    run a page are taken."""
    take_requests_in_order()
    if settings.public_url:
        config.set_option("server.allowedHosts", [urlsplit(settings.public_url).hostname])
    if settings.hosting == "community-cloud":
        config.set_option("server.allowedHosts", ["*"])  # its proxy routes by name, and alone reaches the app
        config.set_option("server.corsAllowedOrigins", [settings.public_url])
        config.set_option("client.allowedOrigins", [COMMUNITY_CLOUD, settings.public_url])


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
