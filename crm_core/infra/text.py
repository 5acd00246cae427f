"""How texts compare and when one is a date: one folding for every engine, since each has case rules of its own."""

import re
import unicodedata
from datetime import UTC, datetime

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}([T ]|$)")


def fold(text: str) -> str:
    """NFKC and casefold, twice normalised since folding can undo the first. Source: Unicode 5.18, D146."""
    if text.isascii():
        return text.lower()  # the same, and most are
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def is_plain_day(text: str) -> bool:
    """Whether an ISO 8601 date has no time of day."""
    return len(text) == len("2026-01-31")


def parse_iso(text: str) -> datetime | None:
    """An ISO 8601 date or time as aware UTC; without a zone it is taken as UTC, a bare date as its first instant there.

    None for any other text, and for times outside 1900 to 9998, which not every zone can express.
    """
    if not _ISO_START.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if EARLIEST <= moment < LATEST else None


def spreadsheet_text(text: str) -> str:
    """Text for a cell of a CSV file that no spreadsheet takes for a formula: with a quote before it."""
    return f"'{text}" if _looks_like_formula(text) else text


def from_spreadsheet_text(cell: str) -> str:
    """The text of such a cell, for any text that ``spreadsheet_text`` was given."""
    return cell[1:] if cell.startswith("'") and _looks_like_formula(cell) else cell


def _looks_like_formula(text: str) -> bool:
    """Also behind quotes: one more is added to those, so that it can be taken away again."""
    return text.lstrip("'").startswith(_FORMULA)
