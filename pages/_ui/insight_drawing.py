"""A question with its answer, as figures are drawn from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm_core.insights.frame import Row, Unit
from crm_core.insights.question import Question
from pages._ui.formats import currency_symbol, figure_text
from pages._ui.units import in_words, on_axis


@dataclass(frozen=True)
class Drawing:
    """A question with its answer. currency, digits: of its amounts."""

    question: Question
    rows: Sequence[Row]
    currency: str
    digits: int

    @property
    def nothing(self) -> str:
        """What stands in the place of a figure without data."""
        return "Nothing in this range." if self.question.days else "Nothing to show yet."

    def unit(self, column: str) -> Unit:
        return self.question.column(column).unit

    def title(self, column: str) -> str:
        return self.question.column(column).title

    def words(self, row: Row, column: str) -> str:
        return in_words(row[column], self.unit(column), self.currency)

    def values(self, column: str) -> list[Any]:
        return [on_axis(row[column], self.unit(column), self.digits) for row in self.rows]

    def detail(self, row: Row) -> str:
        """What is shown of it when it is pointed at."""
        lines = [f"{each.title}: {figure_text(self.words(row, each.id))}" for each in self.question.columns]
        return "<br>".join(lines)

    def prefix(self, column: str) -> str:
        return currency_symbol(self.currency) if self.unit(column) is Unit.MONEY else ""
