"""What a message quotes of what somebody wrote: enough to find it, never all of a body."""

from typing import Any

MOST = 80


def shown(value: Any) -> str:
    """The value as people wrote it, cut."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 4 * MOST:
        return "a number of very many digits"
    return cut(str(value).lower() if isinstance(value, bool) else repr(value))


def cut(text: str) -> str:
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
