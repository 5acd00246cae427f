"""A rule as a sentence for people: ``spent more than $10,000 and visited fewer than 3 times``."""

from crm_core.rules.bound import Bound, BoundGroup
from crm_core.rules.wording import to_phrase
from crm_core.rules.wording_values import Money

WORDS = {"all": "and", "any": "or"}


def to_sentence(bound: Bound, money: Money) -> str:
    """What is true of those who match: ``a and b, or c``. Brackets stand where a comma would not tell."""
    if not isinstance(bound, BoundGroup):
        return to_phrase(bound, money)
    if not bound.children:
        return "nobody" if bound.rule.kind == "any" else "everyone"
    parts = [_nested(child, bound, money) for child in bound.children]
    if bound.rule.kind == "none":
        return f"none of this is true: {', '.join(parts)}" if len(parts) > 1 else f"not: {parts[0]}"
    if len(parts) == 1:
        return parts[0]
    comma = "," if any(_is_joined(child) for child in bound.children) else ""
    word = WORDS[bound.rule.kind]
    return f"{comma} {word} ".join(parts)


def _nested(child: Bound, parent: BoundGroup, money: Money) -> str:
    """``and`` binds more closely than ``or`` to readers as well; all other groups need brackets."""
    text = to_sentence(child, money)
    if not isinstance(child, BoundGroup) or not child.children or _is_single(child):
        return text
    is_flat = not any(isinstance(each, BoundGroup) and each.children for each in child.children)
    return text if child.rule.kind == "all" and parent.rule.kind == "any" and is_flat else f"({text})"


def _is_single(group: BoundGroup) -> bool:
    return group.rule.kind != "none" and len(group.children) == 1


def _is_joined(child: Bound) -> bool:
    while isinstance(child, BoundGroup) and _is_single(child):  # it reads as what is in it
        child = child.children[0]
    return isinstance(child, BoundGroup) and child.rule.kind in WORDS and len(child.children) > 1
