"""Liquid, bounded: whatever a template says, it ends soon, needs little memory, and reaches nothing but its fields.

The limits of python-liquid bound loops, output, and the variables of a template. They do not bound what happens in one
iteration, where filters can double a text again and again, filters, loops and comparisons unfold a range, and long
texts are read and compared. That is bounded here: a rendering has units of work, and each step of it takes some.
"""

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TextIO

from liquid import BoundTemplate, Environment, RenderContext, Undefined
from liquid.ast import BlockNode, Node
from liquid.builtin.expressions.path import Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.exceptions import FilterArgumentError, LiquidError
from liquid.expression import Expression

from crm_core.campaigns.drafting.blank import adapt_blank
from crm_core.campaigns.drafting.message_filters import FormattingEnvironment, date, money, round_half_up
from crm_core.campaigns.drafting.message_values import MessageFormat

MAX_OUTPUT = 20_000
MAX_TEXT = 20_000
MAX_ITEMS = 500
MAX_INT_BITS = 128
MAX_WORK = 10_000
"""Units: one a part of the template and one an expression, each time it is come to; one a filter call; one a 50
characters and one an item of what a filter is given or a variable holds that is read; one a 50 items of a range."""
_CHARACTERS_A_UNIT = _NUMBERS_A_UNIT = 50
_FORBIDDEN_TAGS = ("include", "render")
ADDED_FILTERS = {"money": money, "date": date, "round": round_half_up}

_MISSING = Undefined("nil")
_work = threading.local()


class TemplateFault(Exception):
    """Why a template cannot be parsed or rendered, as the end of a sentence, with the place where it is known."""


class _Bounded(FormattingEnvironment):
    loop_iteration_limit = 200
    output_stream_limit = MAX_OUTPUT
    local_namespace_limit = 100_000
    context_depth_limit = 20
    block_nesting_limit = 20


def make_environment(formatting: MessageFormat) -> Environment:
    """Without the tags that load other templates, with every filter bounded, and with nil for whatever is missing."""
    environment = _Bounded(undefined=_nil)  # type: ignore[arg-type]
    environment.formatting = formatting
    for name in _FORBIDDEN_TAGS:
        del environment.tags[name]
    filters = {**environment.filters, **ADDED_FILTERS}
    environment.filters = {name: _bounded(name, each) for name, each in filters.items()}
    return environment


def _nil(*_: Any, **__: Any) -> None:
    """In place of the library's own object for a missing name, which is not equal to ``blank``. Names are checked when
    a template is written."""


class Parsed(NamedTuple):
    """uses: the paths of the variables that it does not set itself, in order of their places; a part of one is a name,
    a place in a list, or None for what another variable says. filters: their names."""

    template: BoundTemplate
    uses: tuple[tuple[str | int | None, ...], ...]
    filters: tuple[str, ...]


def parse_bounded(environment: Environment, text: str) -> Parsed:
    """With every range that it names bounded. Raises TemplateFault and nothing else."""
    try:
        template = environment.from_string(text)
        _adapt(template.nodes, RenderContext(template))
        parts = template.analyze()
        paths = [
            tuple(part if isinstance(part, str | int) else None for part in use.segments)
            for uses in parts.globals.values()
            for use in uses
        ]
    except Exception as exc:
        raise _fault(exc) from exc
    return Parsed(template, tuple(dict.fromkeys(paths)), tuple(parts.filters))


def render_bounded(template: BoundTemplate, values: Mapping[str, Any]) -> str:
    """What it says with these variables. Raises TemplateFault and nothing else: filters and tags pass on whatever
    Python says of values that they were not made for."""
    _work.left = MAX_WORK
    try:
        return template.render(values)
    except Exception as exc:
        raise _fault(exc) from exc


def _fault(exc: Exception) -> TemplateFault:
    if not isinstance(exc, LiquidError):
        return TemplateFault(f": {exc}" if str(exc) else ": it does too much")
    place = exc.context()
    where = f", line {place[0]}, column {place[1] + 1}" if place else ""
    return TemplateFault(f"{where}: {exc.message}")


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


class _PaidBlock(BlockNode):
    """What a loop repeats, or a condition guards."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        _spend(len(self.nodes))
        return super().render_to_output(context, buffer)


class _Paid:
    """Marks the kinds of expressions that charge for themselves."""

    __slots__ = ()


@functools.cache
def _paid(kind: type[Expression]) -> type[Expression]:
    """The same kind of expression, which charges whenever it is evaluated.

    What a variable holds is charged when it is read: whatever compares, searches, prints or counts by it has read it.
    """
    reads = issubclass(kind, Path)

    def evaluate(self: Expression, context: RenderContext) -> object:
        found = kind.evaluate(self, context)
        _spend(1 + _size(found) if reads else 1)
        return found

    return type(kind.__name__, (_Paid, kind), {"__slots__": (), "evaluate": evaluate})


def _adapt(nodes: Iterable[Node], context: RenderContext) -> None:
    """Put our kinds of blocks and expressions in place of the library's."""
    for node in nodes:
        if type(node) is BlockNode:
            node.__class__ = _PaidBlock
        for expression in node.expressions():
            _adapt_expression(expression, _KeptRange if isinstance(node, AssignNode) else _PaidRange)
        _adapt(node.children(context), context)


def _adapt_expression(expression: Expression, range_kind: type[RangeLiteral]) -> None:
    if isinstance(expression, RangeLiteral):
        expression.__class__ = range_kind
    elif not isinstance(expression, _Paid):
        adapt_blank(expression)
        expression.__class__ = _paid(type(expression))
    for part in expression.children():
        _adapt_expression(part, range_kind)


def _bounded(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)  # with the marks by which the library passes the context
    def bounded(value: Any, *args: Any, **kwargs: Any) -> Any:
        units = 1 + _size(value)
        for each in args:
            units += _size(each)
        _spend(units)
        if name == "replace" and args:
            _check_replaced(str(value), *(str(each) for each in args[:2]))
        given = {key: _for_library(each) for key, each in kwargs.items()} if kwargs else kwargs
        found = original(_for_library(value), *map(_for_library, args), **given)
        return None if isinstance(found, Undefined) else _checked(found)

    return bounded


def _for_library(value: Any) -> Any:
    """Its filters take None for the text None, and its own object for a missing name for nothing."""
    return _MISSING if value is None else value


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
            return len(value) + sum(len(each) for each in value if isinstance(each, str)) // _CHARACTERS_A_UNIT
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
