"""What the doctor finds: one check a thing looked at, its faults, and how all are looked at side by side."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from enum import StrEnum

from crm_core.errors import CrmError

ANSWER_S = 2.5
"""How long a client waits for its server."""
LOOK_S = 3.0
"""How long a check may take in all: some things, such as finding a name in DNS, have no timeout of their own."""


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Fault:
    """found, advice: a sentence each."""

    status: Status
    found: str
    advice: str


@dataclass(frozen=True)
class Check:
    """found: what was seen, faults aside. version: of a server. rows: its figures, as the report's JSON has them."""

    name: str
    found: str = ""
    faults: tuple[Fault, ...] = ()
    version: str | None = None
    rows: Sequence[Mapping[str, object]] = ()

    @property
    def status(self) -> Status:
        """That of the worst fault."""
        levels = [fault.status for fault in self.faults]
        return max(levels, key=list(Status).index, default=Status.OK)

    @property
    def words(self) -> str:
        return " ".join(filter(None, [self.found, *(fault.found for fault in self.faults)]))

    @property
    def advice(self) -> str | None:
        """What to do, each thing once; None when nothing is to be done."""
        return " ".join(dict.fromkeys(fault.advice for fault in self.faults)) or None


@dataclass(frozen=True)
class Look:
    """A check to be made. advice: what to do when it gives no answer in time."""

    name: str
    make: Callable[[], Check]
    advice: str


def warning(found: str, advice: str) -> Fault:
    return Fault(Status.WARNING, found, advice)


def problem(found: str, advice: str) -> Fault:
    return Fault(Status.PROBLEM, found, advice)


def make_checks(looks: Sequence[Look]) -> list[Check]:
    """All at once, in the order given, within ``LOOK_S``: one that hangs is left behind."""
    begun = [_begin(look) for look in looks]
    wait(begun, timeout=LOOK_S)
    return [_outcome(look, future) for look, future in zip(looks, begun, strict=True)]


def _begin(look: Look) -> Future[Check]:
    future: Future[Check] = Future()
    threading.Thread(target=_complete, args=(future, look.make), name=look.name, daemon=True).start()
    return future


def _complete(future: Future[Check], make: Callable[[], Check]) -> None:
    try:
        future.set_result(make())
    except Exception as exc:  # an unexpected fault is one more finding: the other checks are still wanted
        future.set_exception(exc)


def _outcome(look: Look, future: Future[Check]) -> Check:
    if not future.done():
        return Check(look.name, faults=(problem(f"No answer within {LOOK_S:.0f} s.", look.advice),))
    exc = future.exception()
    if exc is None:
        return future.result()
    if isinstance(exc, CrmError):
        return Check(look.name, faults=(problem(str(exc), look.advice),))
    return Check(look.name, faults=(problem(f"This check broke off with {type(exc).__name__}.", look.advice),))
