"""What becomes of a call as a whole: refused, accepted and answered well, or accepted and answered badly."""

from dataclasses import dataclass
from typing import Final, Literal

from crm_core.vendor_behaviour import Behaviour
from workers.vendor.draws import draw
from workers.vendor.problems import Problem

NoAnswer = Literal["closed"]
Nonsense = Literal["no_json", "other_shape", "missing_keys"]
Answer = Literal["well", "unanswered"] | Nonsense
ANSWERED: Final = "answered"
_NONSENSE: Final[tuple[Nonsense, ...]] = ("no_json", "other_shape", "missing_keys")


@dataclass(frozen=True, slots=True)
class CallPlan:
    """refusal: instead of accepting; "closed" is a connection closed without an answer. late_ms: how late to answer."""

    refusal: Problem | NoAnswer | None = None
    answer: Answer = "well"
    late_ms: int = 0


def plan_call(number: int, behaviour: Behaviour, *, is_out: bool) -> CallPlan:
    """Plan the answer to the call of this number. Law: same seed and number, same plan."""
    late_ms = behaviour.latency_ms if _hits("slow", behaviour.slow_rate, behaviour, number) else 0
    if refusal := _refuse(number, behaviour, is_out=is_out):
        return CallPlan(refusal, late_ms=late_ms)
    return CallPlan(answer=_choose_answer(number, behaviour), late_ms=late_ms)


def _refuse(number: int, behaviour: Behaviour, *, is_out: bool) -> Problem | NoAnswer | None:
    if is_out and behaviour.outage == "close":
        return "closed"
    wait_s = behaviour.retry_after_s
    if is_out:
        return Problem(503, "Unavailable", "the vendor is out of service", retry_after_s=wait_s)
    if _hits("error", behaviour.error_rate, behaviour, number):
        status = behaviour.error_status
        return Problem(status, "Error", "the vendor failed", retry_after_s=wait_s if status == 503 else None)
    if _hits("too many", behaviour.too_many_rate, behaviour, number):
        return Problem(429, "Too many requests", "the vendor asks to go slower", retry_after_s=wait_s)
    return None


def _choose_answer(number: int, behaviour: Behaviour) -> Answer:
    if _hits("unanswered", behaviour.unanswered_rate, behaviour, number):
        return "unanswered"
    if not _hits("nonsense", behaviour.nonsense_rate, behaviour, number):
        return "well"
    if behaviour.nonsense != "any":
        return behaviour.nonsense
    return _NONSENSE[int(draw(behaviour.seed, "which nonsense", str(number)) * len(_NONSENSE))]


def _hits(what: str, rate: float, behaviour: Behaviour, number: int) -> bool:
    return rate > 0 and draw(behaviour.seed, what, str(number)) < rate
