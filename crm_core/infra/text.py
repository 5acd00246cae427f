"""How texts compare: one folding for every engine, since each has case rules of its own."""

import unicodedata


def fold(text: str) -> str:
    """NFKC and casefold, twice normalised since folding can undo the first. Source: Unicode 5.18, D146."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
