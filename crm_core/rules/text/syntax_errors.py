"""What is wrong with a rule text, in words: the place, what was expected there, and the nearest word."""

from difflib import get_close_matches

from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lexer import PatternStr

from crm_core.errors import BadRuleText
from crm_core.rules.quoting import cut
from crm_core.rules.text.grammar import parser

CONDITION = "a condition such as spend > 100"
COMPARISON = "a comparison such as =, >=, between, contains, in, before, has any or is set"
GOING_ON = "AND, OR or the end"
WORD = "a word such as email"
WORDS = {
    "NUMBER": "a number",
    "DATE": "a date such as 2026-01-31",
    "STRING": "a text in quotes",
    "BOOLEAN": "true or false",
    "$END": "the end",
    "COMPARISON": "= or >=",
    "_DAYS": "days",
    "NAME": "a name",
}


def explain_syntax(exc: UnexpectedInput, text: str) -> BadRuleText:
    """The error of the parser as one of ours."""
    line, column = max(exc.line, 1), max(exc.column, 1)
    if isinstance(exc, UnexpectedCharacters):
        return BadRuleText(_unreadable(exc.char), line=line, column=column)
    assert isinstance(exc, UnexpectedToken)
    if exc.token.type == "$END":
        line, column = text.count("\n") + 1, len(text) - (text.rfind("\n") + 1) + 1
    found = "the text ends" if exc.token.type == "$END" else f"{cut(exc.token)} cannot stand"
    message = f"{found} here; expected {_expected(exc.accepts)}.{_hint(exc, text)}"
    return BadRuleText(message, line=line, column=column)


def _unreadable(char: str) -> str:
    if char in "\"'":
        return "this quote has no end."
    if char in "“”„‘’":
        return f'{char} is no quote here; write texts in straight quotes, such as "Pune".'
    return f"{char!r} cannot stand in a rule."


def _expected(accepts: set[str]) -> str:
    """What may stand there, a condition or a comparison summed up."""
    if "_NOT" in accepts and "LPAR" in accepts and "GROUP" in accepts:
        return CONDITION
    if {"_BETWEEN", "_CONTAINS"} <= accepts:
        return COMPARISON
    if "$END" in accepts and accepts <= {"$END", "_AND", "_OR"}:  # a whole condition; the parser may have closed it
        return GOING_ON
    if accepts == {"STRING", "OTHER"}:
        return WORD
    words = [*dict.fromkeys(_word(name) for name in sorted(accepts - {"OTHER"}, key=_order))]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _order(name: str) -> tuple[bool, str]:
    return name.startswith("_"), name


def _word(name: str) -> str:
    """A terminal as people would write it."""
    if name in WORDS:
        return WORDS[name]
    pattern = parser().get_terminal(name).pattern
    if isinstance(pattern, PatternStr):
        return f"{pattern.value}"
    return name.removeprefix("_").lower() if name not in {"_AND", "_OR", "_NOT"} else name[1:]


def _hint(exc: UnexpectedToken, text: str) -> str:
    token = exc.token
    if token.type == "COMMA" and text[: token.start_pos].rstrip()[-1:].isdigit():
        return " Numbers are written without separators, such as 10000."
    if not token[:1].isalpha():
        return ""
    if text[: token.start_pos].rstrip().lower().endswith("segment"):
        return f' The name of a segment is written in quotes: "{cut(token)}".'
    words = {_word(name).lower(): _word(name) for name in exc.accepts if name.startswith("_")}
    if near := get_close_matches(token.lower(), words, n=1):
        return f" Did you mean {words[near[0]]}?"
    return f' Texts are written in quotes: "{cut(token)}".' if "STRING" in exc.accepts else ""
