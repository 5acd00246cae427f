"""Liquid, bounded: whatever a template says, it ends soon, needs little memory, and reaches nothing but its fields.

The limits of python-liquid bound loops, output, and the variables of a template. They do not bound what happens inside
one expression, where filters can double a text again and again, and filters, loops and comparisons unfold a range; that
is bounded here, and loops are short, so that the rest of what an iteration may do is little.
"""

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, StrictUndefined
from liquid.ast import Node
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.expression import Expression

MAX_OUTPUT = 20_000
MAX_TEXT = 20_000
MAX_ITEMS = 500
MAX_INT_BITS = 128
MAX_WORK = 10_000
"""Units: one a filter call, one a 50 characters and one an item that it is given; one a 50 items of a range."""
_CHARACTERS_A_UNIT = _NUMBERS_A_UNIT = 50
_FORBIDDEN_TAGS = ("include", "render")
FAULTS = (LiquidError, ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError)
"""What a template can raise: filters pass on what Python says of values that they were not made for."""

_work = threading.local()


class _Bounded(Environment):
    loop_iteration_limit = 200
    output_stream_limit = MAX_OUTPUT
    local_namespace_limit = 100_000
    context_depth_limit = 20
    block_nesting_limit = 20


def make_environment() -> Environment:
    """Without the tags that load other templates, and with every filter bounded."""
    environment = _Bounded(undefined=StrictUndefined)
    for name in _FORBIDDEN_TAGS:
        del environment.tags[name]
    environment.filters = {name: _bounded(name, each) for name, each in environment.filters.items()}
    return environment


def parse_bounded(environment: Environment, text: str) -> BoundTemplate:
    """With every range that it names bounded. Raises LiquidError."""
    template = environment.from_string(text)
    _bound_ranges(template.nodes, RenderContext(template))
    return template


class _PaidRange(RangeLiteral):
    """A loop that is ``reversed`` makes a list of it before its length is checked, ``offset`` and ``contains`` count
    through it: so whoever unfolds it pays for all of it."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> range:
        found = super().evaluate(context)
        _spend(1 + (found.stop - found.start) // _NUMBERS_A_UNIT)
        return found


class _KeptRange(RangeLiteral):
    """One that a variable keeps can be unfolded again and again."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> range:
        found: range = _checked(super().evaluate(context))
        return found


def _bound_ranges(nodes: Iterable[Node], context: RenderContext) -> None:
    for node in nodes:
        for expression in node.expressions():
            _bound_ranges_in(expression, _KeptRange if isinstance(node, AssignNode) else _PaidRange)
        _bound_ranges(node.children(context), context)


def _bound_ranges_in(expression: Expression, kind: type[RangeLiteral]) -> None:
    if isinstance(expression, RangeLiteral):
        expression.__class__ = kind
    for part in expression.children():
        _bound_ranges_in(part, kind)


def begin_render() -> None:
    """Give the render that this thread begins its share of work."""
    _work.left = MAX_WORK


def _bounded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)  # with the marks by which the library passes the context
    def bounded(value: Any, *args: Any, **kwargs: Any) -> Any:
        _spend(1 + sum(_size(each) for each in (value, *args)))
        if name == "replace" and args:
            _check_replaced(str(value), *(str(each) for each in args[:2]))
        return _checked(original(value, *args, **kwargs))

    return bounded


def _spend(units: int) -> None:
    _work.left = getattr(_work, "left", MAX_WORK) - units
    if _work.left < 0:
        raise FilterArgumentError("the template does too much", token=None)


def _size(value: Any) -> int:
    match value:
        case str():
            return len(value) // _CHARACTERS_A_UNIT
        case range():
            return len(_checked(value))
        case list() | tuple():
            return len(value)
        case Mapping():
            return len(value)
        case _:
            return 0


def _checked(value: Any) -> Any:
    """What goes in and comes out of a filter."""
    is_large = (
        (isinstance(value, str) and len(value) > MAX_TEXT)
        or (isinstance(value, list | tuple) and len(value) > MAX_ITEMS)
        or (isinstance(value, range) and abs(value.stop - value.start) > MAX_ITEMS)
        or (isinstance(value, int) and value.bit_length() > MAX_INT_BITS)
    )
    if is_large:
        raise FilterArgumentError("a value in the template grows too large", token=None)
    return value


def _check_replaced(text: str, old: str, new: str = "") -> None:
    """Before it is made: each of 20,000 characters could become 20,000."""
    if len(text) + text.count(old) * len(new) > MAX_TEXT:
        raise FilterArgumentError("a value in the template grows too large", token=None)
