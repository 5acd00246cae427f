"""Which paths are open, and which ask who is there."""

from typing import Final

from crm_core.campaigns.unsubscribing.links import PATH as UNSUBSCRIBE

API: Final = "/api"
DOCS: Final = "/api/docs"
UPLOADS: Final = "/_stcore/upload_file/"
_API_FOR_PEOPLE: Final = (DOCS, "/api/openapi.json", "/api/metrics")
_FOR_THE_SIGNED_IN: Final = (*_API_FOR_PEOPLE, "/_stcore/metrics", UPLOADS, "/media/")
_METRICS: Final = ("/api/metrics", "/_stcore/metrics")
_HEALTH: Final = "/_stcore/health"


def is_upload(path: str) -> bool:
    return path.startswith(UPLOADS)


def session_in(path: str) -> str:
    """The Streamlit session that an upload's address names."""
    return path.removeprefix(UPLOADS).partition("/")[0]


def is_unsubscribing(path: str) -> bool:
    """Whether ``path`` is a link that recipients of messages follow: signed, it asks for no sign-in and no cookie."""
    return path.startswith(UNSUBSCRIBE)


def is_open(path: str) -> bool:
    """Whether ``path`` never takes a cookie: the REST API asks for keys, signatures or nothing, health for nothing."""
    if path == API or path.startswith("/api/"):
        return not path.startswith(_API_FOR_PEOPLE)
    return path == _HEALTH


def is_metrics(path: str) -> bool:
    return path in _METRICS


def needs_sign_in(path: str) -> bool:
    """Whether ``path`` shows data, or takes some, outside of a page. A page's WebSocket shows the sign-in page."""
    return path.startswith(_FOR_THE_SIGNED_IN)
