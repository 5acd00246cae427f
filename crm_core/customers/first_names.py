"""The first name in a full name, for messages: found with care, or not at all."""

import unicodedata
from functools import cache
from itertools import dropwhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nameparser import Parser

MAX_PLAIN_WORDS = 3
MORE_TITLES = ("doña", "pani", "shri")
"""Forms of address that the library lacks and that are no names."""
_MARKS = frozenset("-'’‑\u200c\u200d")
"""Inside a name; the last two join letters of Persian and of Indian scripts."""


def find_first_name(name: str) -> str | None:
    """The first name as it is written, None where there is none for certain: ``Dr. Meier`` has none."""
    if "@" in name or name.rstrip().endswith(","):  # an address; a last name alone
        return None
    return _find_plain(name) or _find_parsed(name)


def _find_plain(name: str) -> str | None:
    """Of ``Anna Lee``, ``Lee, Anna`` and ``Dr. Anna Lee``, if no language knows a word as a particle or a suffix.

    The library finds the same, in a hundred times the time.
    """
    parts = [part.split() for part in name.split(",")]
    given = list(dropwhile(_is_title, parts[-1]))
    words = [word for part in (*parts[:-1], given) for word in part]
    if len(parts) > 2 or not given or len(words) > MAX_PLAIN_WORDS or not all(map(_is_plain, words)):
        return None
    if len(words) == 1 and len(given) < len(parts[-1]):  # a title and a last name
        return None
    return given[0] if _vocabulary().isdisjoint(map(str.lower, words)) else None


def _find_parsed(name: str) -> str | None:
    parsed = _parser().parse(name)
    given = [*parsed.given.split(), *parsed.middle.split()]
    first = next((word for word in given if not _is_initial(word)), "")
    return first if _is_name(first) else None


def _is_title(word: str) -> bool:
    return word.lower().removesuffix(".") in _parser().lexicon.titles


def _is_plain(word: str) -> bool:
    """Of one case and script that need no thought: Anna, ANNA, Müller; no initial, no MacDonald."""
    return (
        word.isalnum()
        and word[0].isalpha()
        and len(word) > 1
        and ord(max(word)) < 0x250
        and (word.istitle() or word.isupper())
    )


def _is_initial(word: str) -> bool:
    return len(word.rstrip(".")) == 1 and unicodedata.category(word[0]) in {"Lu", "Ll"}


def _is_name(word: str) -> bool:
    """Digits may follow: people who share a name number it, as Anna2."""
    return word[:1].isalpha() and all(
        char in _MARKS or unicodedata.category(char)[0] in "LMN" for char in word.rstrip(".")
    )


@cache
def _parser() -> "Parser":
    """Imported when a message asks for it: processes that send none stay 5 MB smaller."""
    from nameparser import Lexicon, Parser

    return Parser(lexicon=Lexicon.default().add(titles=MORE_TITLES))


@cache
def _vocabulary() -> frozenset[str]:
    known = _parser().lexicon
    return frozenset().union(
        *(known.titles, known.given_name_titles, known.after_given_titles, known.honorific_tails, known.surnames),
        *(known.suffix_acronyms, known.suffix_acronyms_ambiguous, known.suffix_words, known.maiden_markers),
        *(known.particles, known.particles_ambiguous, known.conjunctions, known.conjunctions_ambiguous),
        known.bound_given_names,
    )
