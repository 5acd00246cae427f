"""Values of a file as messages show them."""

MAX_QUOTED = 80


def quote(text: str) -> str:
    """In quotes: whole, or the beginning of a long one."""
    return repr(text if len(text) <= MAX_QUOTED else text[:MAX_QUOTED] + "…")
