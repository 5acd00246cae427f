"""Which paths are open, and which ask who is there."""

API = "/api"
_API_FOR_PEOPLE = ("/api/docs", "/api/openapi.json")


def is_open_api(path: str) -> bool:
    """Whether ``path`` is a part of the REST API that never takes a cookie: it asks for keys, signatures or nothing."""
    return (path == API or path.startswith("/api/")) and not path.startswith(_API_FOR_PEOPLE)
