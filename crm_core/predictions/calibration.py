"""The check of a fit for people: the rows of its chart, and a sentence that says whether to trust the predictions."""

from datetime import date

from typing_extensions import TypedDict

from crm_core.predictions.results import Check
from crm_core.predictions.trust import Trust, judge


class CalibrationRow(TypedDict):
    """A tenth of the customers, the first those with the highest predictions. Orders are days with orders, within the
    holdout period: of all of these customers, and of each on average."""

    decile: int
    customers: int
    expected: float
    actual: int
    expected_each: float
    actual_each: float


def calibration_rows(check: Check | None) -> list[CalibrationRow]:
    """None without a check."""
    if check is None:
        return []
    return [
        {
            **row,
            "expected_each": row["expected"] / row["customers"],
            "actual_each": row["actual"] / row["customers"],
        }
        for row in check["deciles"]
    ]


def trust_of(check: Check) -> Trust:
    return judge(check["expected"] / check["actual"] - 1, check["decile_error"], check["top_share"])


NEVER_FITTED = "The models were not fitted yet."
VERDICTS = {
    Trust.GOOD: "You can trust these predictions, to rank customers and to add up.",
    Trust.FAIR: "Trust these predictions to rank customers; take sums of them with care.",
    Trust.POOR: "Do not trust this model: it is too far off.",
}


def trust_sentence(check: Check) -> str:
    """What the verdict rests on."""
    expected, actual = round(check["expected"]), check["actual"]
    return (
        f"Knowing only what was before {day_in_words(check['start'])}, the model expected {expected:,} orders of "
        f"{check['customers']:,} customers in the following {check['weeks']:.0f} weeks; there were {actual:,}"
        f"{_off(expected, actual)}. The fifth of the customers that it expected most of placed "
        f"{check['top_share']:.0%} of them."
    )


def _off(expected: int, actual: int) -> str:
    share = abs(expected / actual - 1)
    if share < 0.005:
        return ""
    return f", so it expected {share:.0%} too {'many' if expected > actual else 'few'}"


def day_in_words(words: str) -> str:
    """An ISO 8601 day as "2 Apr 2026"."""
    return f"{date.fromisoformat(words):%-d %b %Y}"
