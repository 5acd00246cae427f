"""Who matches whatever their records say: nothing has to be looked up of them."""

from typing import Any, TypeAlias

from crm_core.rules.bound import Bound, BoundComparison, BoundField, BoundGroup, BoundProperty, BoundSegment
from crm_core.rules.engines.mongo_comparison import to_comparison
from crm_core.rules.engines.mongo_expressions import to_expression

Expression: TypeAlias = Any


def matches_anyway(bound: Bound) -> Expression:
    """An expression over the fields of a customer that is true only of those who match; False where no fields decide.

    What is not decided by fields of simple types may be either: a condition on it says nothing.
    """
    return _bounded(bound, above=False)


def _bounded(bound: Bound, *, above: bool) -> Expression:
    """True of nobody else than those who match, or, above, of all who do."""
    match bound:
        case BoundField() if not bound.field.is_average and not bound.field.choices:
            return to_expression(BoundProperty(bound.field, bound.operator, bound.predicate), "$$ROOT")
        case BoundComparison():
            found = to_comparison(bound)["$expr"]
            return {"$not": [found]} if bound.operator.is_negative else found
        case BoundSegment():
            return _bounded(bound.child, above=above)
        case BoundGroup():
            return _joined(bound, above=above)
        case _:
            return above


def _joined(bound: BoundGroup, *, above: bool) -> Expression:
    kind = bound.rule.kind
    inner = above if kind != "none" else not above
    children = [_bounded(child, above=inner) for child in bound.children]
    if kind == "all":
        return _every(children)
    found = _some(children)
    if kind == "any":
        return found
    return not found if isinstance(found, bool) else {"$not": [found]}


def _every(children: list[Expression]) -> Expression:
    left = [child for child in children if child is not True]
    return False if False in left else {"$and": left} if left else True


def _some(children: list[Expression]) -> Expression:
    left = [child for child in children if child is not False]
    return True if True in left else {"$or": left} if left else False
