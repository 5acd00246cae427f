"""The parameters at which a likelihood is greatest: all of them positive, looked for by their logarithms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from crm_core.predictions.histories import Floats

Likelihood = Callable[[Floats], tuple[float, Floats]]
"""From the parameters to the log-likelihood and its derivative by each of them."""
FLAT = 1e-4
"""The slope per customer, by the logarithm of a parameter, that still counts as none."""
_OPTIONS = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8, "maxls": 50}


class NotFittedError(Exception):
    """No parameters explain the data better than their neighbours do."""


@dataclass(frozen=True)
class Maximum:
    parameters: tuple[float, ...]
    log_likelihood: float


def maximise(
    likelihood: Likelihood, starts: Sequence[Sequence[float]], bounds: tuple[float, float], customers: float
) -> Maximum:
    """The best of what is found from several starts. bounds: of every parameter; one of them may be reached, where the
    data tell no more than that it is large, or small.

    Raises NotFittedError when the search ends nowhere.
    """

    def falling(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        with np.errstate(all="ignore"):
            value, slopes = likelihood(parameters)
        if not (np.isfinite(value) and np.isfinite(slopes).all()):
            return np.finfo(np.float64).max / 1e10, np.zeros_like(logs)
        return -value / customers, -slopes * parameters / customers

    low, high = np.log(bounds)
    found: Maximum | None = None
    for start in starts:
        result = minimize(
            falling, np.log(start), jac=True, method="L-BFGS-B", bounds=[(low, high)] * len(start), options=_OPTIONS
        )
        if _has_settled(falling, result.x, low, high):
            parameters = np.exp(result.x)
            value = float(likelihood(parameters)[0])
            if found is None or value > found.log_likelihood:
                found = Maximum(tuple(map(float, parameters)), value)
    if found is None:
        raise NotFittedError("The search for the parameters did not settle.")
    return found


def _has_settled(falling: Likelihood, logs: Floats, low: float, high: float) -> bool:
    """Whether no step within the bounds goes up any more."""
    value, slopes = falling(logs)
    if not np.isfinite(value) or value > 1e200:
        return False
    inwards = logs - np.clip(logs - slopes, low, high)
    return bool(np.abs(inwards).max() < FLAT)
