"""Names that people give to segments, campaigns, variants and tags, in any script: what is refused, what is the same.

Sources: UAX 9 (bidirectional controls), RFC 5892 A.1 and A.2 (where joiners matter), UTS 51 (emoji sequences).
"""

import re
import unicodedata
from typing import Any

from crm_core.errors import InvalidInput
from crm_core.infra.text import fold

MAX_NAME = 100
JOINERS = "\u200c\u200d"
REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029"  # controls, line and paragraph separators
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # embeddings, overrides and isolates of direction, and deprecated ones
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"  # annotations, noncharacters, lone surrogates
)
IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2060-\u2064"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0100-\U000e01ef]"
)
"""Without a look of its own: invisible fillers, marks of direction, variation selectors."""
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols that show nothing."""
SPACE = r"[\s\x{a0}\x{202f}\x{2007}\x{3000}]+"
VIRAMA = 9
"""The canonical combining class of the signs that a joiner after them changes."""


def clean_name(name: Any, what: str, *, longest: int = MAX_NAME, field: str = "name") -> str:
    """A name without outer spaces. Raises InvalidInput."""
    cleaned = name.strip() if isinstance(name, str) else ""
    if not 1 <= len(cleaned) <= longest or not any(map(_is_visible, cleaned)):
        raise InvalidInput(f"A {what} needs a name of 1 to {longest} printable characters.", field=field)
    if found := REFUSED.search(cleaned):
        raise InvalidInput(
            f"A {what} cannot have U+{ord(found[0]):04X} in its name: controls, line breaks and signs that change the "
            "direction of writing are not allowed.",
            field=field,
        )
    return cleaned


def name_key(name: str) -> str:
    """Equal for names that look the same: case, composition, kinds of space and invisible signs make no difference."""
    text = " ".join(IGNORED.sub("", fold(name)).split())
    return "".join(char for place, char in enumerate(text) if char not in JOINERS or _joins(text, place))


def pattern_of(text: str) -> str:
    """The regular expression for ``text`` in a name, whatever kind of space is between its words."""
    return SPACE.join(map(re.escape, text.split()))


def _is_visible(char: str) -> bool:
    """What this Python does not know yet is taken for a new emoji."""
    kind = unicodedata.category(char)
    return kind in {"Cn", "Co"} or (kind[0] in "LNPS" and char not in BLANKS)


def _joins(text: str, place: int) -> bool:
    """Whether the joiner there changes what is seen: after a virama, between Arabic letters, in an emoji sequence."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if not before or not after or after.isspace():
        return False
    if text[place] == "\u200d" and unicodedata.category(before) in {"So", "Sk"}:
        return True
    return unicodedata.combining(before) == VIRAMA or unicodedata.bidirectional(before) == "AL"
