"""Rule trees from and to JSON values, bounded before anything walks them."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, to_json

from crm_core.errors import BadRule
from crm_core.plain_messages import plain_message
from crm_core.rules.quoting import cut
from crm_core.rules.tree import AnyRule, Rule

MAX_DEPTH = 8
MAX_NODES = 200

_ADAPTER: TypeAdapter[AnyRule] = TypeAdapter(Rule)
_KINDS = [kind for node in get_args(AnyRule) for kind in get_args(node.model_fields["kind"].annotation)]


def load_rule(data: Any) -> AnyRule:
    """Read a tree from JSON values. Raises BadRule with the path of the node and what is allowed there."""
    _check_bounds(data)
    try:
        return _ADAPTER.validate_json(to_json(data, inf_nan_mode="constants"))
    except ValidationError as exc:
        error = exc.errors(include_url=False)[0]
        path = _path(error["loc"])
        raise BadRule(f"{path}: {_words(error)}", field=path) from None
    except ValueError as exc:
        raise BadRule(f"rule: is no JSON: {exc}", field="rule") from None


def dump_rule(rule: AnyRule) -> dict[str, Any]:
    """The tree as JSON values; ``load_rule`` gives it back."""
    data: dict[str, Any] = _ADAPTER.dump_python(rule, mode="json", exclude_none=True)
    return data


def _check_bounds(data: Any) -> None:
    """Refuse what is too deep or too large before any recursion over it, level by level."""
    level, nodes = [("rule", data)], 1
    for _ in range(MAX_DEPTH):
        level = list(islice(_children(level), MAX_NODES - nodes + 1))
        nodes += len(level)
        if nodes > MAX_NODES:
            path = level[-1][0]
            raise BadRule(f"{path}: a rule may have {MAX_NODES} nodes, this one has more.", field=path)
        if not level:
            return
    path = level[0][0]
    raise BadRule(f"{path}: a rule may nest {MAX_DEPTH} levels deep, this one goes deeper.", field=path)


def _children(level: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The nodes of the next level, with their paths."""
    for path, node in level:
        if isinstance(node, dict) and isinstance(node.get("rules"), list | tuple):
            for index, child in enumerate(node["rules"]):
                yield f"{path}.rules[{index}]", child


def _words(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    match error["type"]:
        case "union_tag_not_found":
            return f"a node needs a kind, one of {', '.join(map(repr, _KINDS))}."
        case "union_tag_invalid":
            return f"there is no kind {cut(context['tag'])!r}; there are {context['expected_tags']}."
        case _:
            return f"{plain_message(error)}."


def _path(location: tuple[int | str, ...]) -> str:
    """``("all", "rules", 1, "field", "value")`` as ``rule.rules[1].value``: tags of the union are not part of it."""
    path, after_rules = "rule", True
    for part in location:
        if isinstance(part, int):
            path, after_rules = f"{path}[{part}]", True
        elif after_rules and part in _KINDS:
            after_rules = False
        else:
            path, after_rules = f"{path}.{cut(part)}", False
    return path
