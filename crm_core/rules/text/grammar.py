"""The grammar of the rule text: what joins conditions stands here, what one says comes from the registry."""

import re
from collections.abc import Mapping
from functools import cache

from lark import Lark

from crm_core.rules.fields import FIELDS
from crm_core.rules.operators import OPERATORS, Takes

JOINING = r"""
?start: any
?any: all (_OR all)*
?all: not (_AND not)*
?not: _NOT not -> negated
    | "(" any ")"
    | GROUP _OF "(" [any ("," any)*] ")" -> group
    | EVERYBODY -> everybody
    | _CUSTOMER _IN texts -> listed
    | _CUSTOMER _NOT _IN texts -> not_listed
    | _SEGMENT STRING -> segment_named
    | _SEGMENT _ID STRING -> segment
    | NAME _FOR NUMBER _DAYS -> idle
    | _NEVER NAME -> never
    | NAME predicate -> field
    | _ORDERS ["." NAME] "(" [filter ("," filter)*] ")" predicate -> orders
    | _EVENTS ["." NAME] "(" filter ("," filter)* ")" predicate -> events
    | _MESSAGES "(" filter ("," filter)* ")" predicate -> messages
    | _REACHABLE (STRING | OTHER) -> reachable
    | _SUPPRESSED (STRING | OTHER) [_FOR (STRING | OTHER)] -> suppressed
filter: (NAME | STRING) predicate -> named
    | _CAMPAIGN STRING -> campaign_named
    | _CAMPAIGN _ID STRING -> campaign
    | _IN? _THE? _LAST NUMBER _DAYS -> last
    | (NAME | STRING) -> bare
?value: NUMBER | DATE | STRING | BOOLEAN | OTHER
texts: "(" value ("," value)* ")"
predicate: PREDICATES

GROUP.3: /(all|any|none)(?=\s+of\b)/i
EVERYBODY.3: /(everyone|nobody)\b/i
_CUSTOMER.3: /customer(?=\s+(not\s+)?in\b)/i
_NEVER.3: /never(?=\s+(NEVER)\b)/i
_SEGMENT.3: /segment(?=\s+(id\s*)?["'])/i
_ORDERS.3: /orders(?=\s*[.(])/i
_EVENTS.3: /events(?=\s*[.(])/i
_MESSAGES.3: /messages(?=\s*\()/i
_REACHABLE.3: /can\s+be\s+messaged\s+over\b/i
_SUPPRESSED.3: /is\s+suppressed\s+on\b/i
_CAMPAIGN.3: /campaign(?=\s+(id\s*)?["']|["'])/i
BOOLEAN.2: /(true|false|yes|no)\b/i
DATE.3: /\d{4}-\d{2}-\d{2}\b/
NUMBER.2: /[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?(?![\w.])/i
OTHER: /(?!(and|or|not)\b)[^\W\d][\w.]*/i
NAME: /[^\W\d][\w.]*/
STRING: /"(\\.|[^"\\])*"/s | /'(\\.|[^'\\])*'/s
%ignore /\s+/
"""
WORDS = re.compile(r"[a-z_]+|[^a-z_\s{}]+|\{\}")
KEYWORDS = ("and", "or", "not", "of", "for", "id", "in", "the", "last")
"""What joins; the words of the operators come from the registry."""


@cache
def spellings() -> Mapping[str, str]:
    """Grammar alias, such as ``p3``, to the spelling of the registry that it stands for."""
    distinct = dict.fromkeys(spelling for operator in OPERATORS for spelling in operator.spellings)
    return {f"p{number}": spelling for number, spelling in enumerate(distinct)}


@cache
def keywords() -> frozenset[str]:
    """In lower case: a name that is one of these is written in quotes."""
    spelled = {word for spelling in spellings().values() for word in WORDS.findall(spelling) if word[0].isalpha()}
    return frozenset({*KEYWORDS, *spelled, "day", "days", "true", "false", "yes", "no"})


@cache
def parser() -> Lark:
    """LALR: linear in the length of the text, whatever it says."""
    takes = {spelling: operator.takes for operator in OPERATORS for spelling in operator.spellings}
    words: dict[str, str] = {}
    predicates = [f"{_symbols(spelling, takes[spelling], words)} -> {alias}" for alias, spelling in spellings().items()]
    words.update({f"_{word.upper()}": word for word in KEYWORDS} | {"_DAYS": "days?"})
    terminals = [rf"{name}.2: /{word}\b/i" for name, word in words.items()]
    grammar = JOINING.replace("predicate: PREDICATES", "predicate: " + "\n    | ".join(predicates))
    grammar = grammar.replace("(NEVER)", "|".join(found.idle.never for found in FIELDS if found.idle).join("()"))
    return Lark("\n".join([grammar, *terminals]), parser="lalr", propagate_positions=True)


def _symbols(spelling: str, takes: Takes, words: dict[str, str]) -> str:
    """``not between {} and {}`` as ``NOT BETWEEN value AND value``; notes the words."""
    values = {Takes.MANY: "texts", Takes.DAYS: "NUMBER", Takes.PERCENT: "NUMBER"}
    parts = []
    for part in WORDS.findall(spelling):
        if part == "{}":
            parts.append(values.get(takes, "value"))
        elif part[0].isalpha():
            name = f"_{part.upper()}"
            words[name] = part
            parts.append(name)
        else:
            parts.append(f'"{part}"')
    return " ".join(parts)
