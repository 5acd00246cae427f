"""What the model of predictions expected of a period that it did not know, and what happened."""

from crm_core.insights.charts import Against
from crm_core.insights.facts import Facts
from crm_core.insights.frame import Column, Row, Unit
from crm_core.insights.question import Asked, Question, Topic
from crm_core.predictions.calibration import calibration_rows


def _answer(_: Facts, asked: Asked) -> list[Row]:
    return [*calibration_rows(asked.check)]


BGNBD = Question(
    name="bgnbd",
    title="Predictions checked",
    topic=Topic.CUSTOMERS,
    definition=(
        "The newest fit of the models is checked on the last third of its orders: a model that knows only the orders "
        "before says how many each customer will place in that time (BG/NBD). Customers stand in tenths, those of "
        "whom it expected most first; for each tenth, what it expected and what was placed. Orders of one day count "
        "as one. Where both agree, predictions can be trusted."
    ),
    columns=(
        Column("decile", "Tenth", Unit.COUNT),
        Column("customers", "Customers", Unit.COUNT),
        Column("expected", "Orders expected", Unit.NUMBER),
        Column("actual", "Orders placed", Unit.COUNT),
        Column("expected_each", "Expected of each", Unit.NUMBER),
        Column("actual_each", "Placed by each", Unit.NUMBER),
    ),
    answer=_answer,
    chart=Against("decile", "actual_each", "expected_each"),
    is_of_fit=True,
)
