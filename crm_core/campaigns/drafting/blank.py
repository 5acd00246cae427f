"""Liquid's ``blank`` as Shopify has it: nil and false are blank too, to python-liquid they are not."""

from liquid import RenderContext
from liquid.builtin.expressions.logical import EqExpression, NeExpression
from liquid.builtin.expressions.primitive import Blank
from liquid.expression import Expression


def adapt_blank(expression: Expression) -> None:
    """Put our kind of it in place of the library's."""
    if isinstance(expression, Blank):
        expression.__class__ = _Blank
    elif isinstance(expression, EqExpression) and _names_blank(expression):
        expression.__class__ = _IsBlank
    elif isinstance(expression, NeExpression) and _names_blank(expression):
        expression.__class__ = _IsNotBlank


class _Blank(Blank):
    __slots__ = ()
    __hash__ = Blank.__hash__

    def __eq__(self, other: object) -> bool:
        return other is None or other is False or super().__eq__(other)


class _IsBlank(EqExpression):
    """The library's comparison of a boolean does not ask the other side."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> bool:
        return bool(self.left.evaluate(context) == self.right.evaluate(context))


class _IsNotBlank(NeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> bool:
        return not self.left.evaluate(context) == self.right.evaluate(context)  # noqa: SIM201 `!=` is not ours


def _names_blank(expression: EqExpression | NeExpression) -> bool:
    return isinstance(expression.left, Blank) or isinstance(expression.right, Blank)
