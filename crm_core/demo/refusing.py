"""Who of the demo shop's customers may get nothing over a channel, and why, as its year of campaigns goes on."""

from typing import Final

import numpy as np

from crm_core.audience.eligibility import Reason
from crm_core.channels.registry import CHANNELS
from crm_core.demo.columns import Bools, Ints, People
from crm_core.demo.consent import ASKED, STATES

REASONS: Final = (Reason.NO_CONSENT, Reason.NO_ADDRESS, Reason.SUPPRESSED)
"""In the order in which they are asked, as ``eligibility`` asks."""
DENIED: Final = STATES.index("denied")


class Refusing:
    """One row per customer; no two share an address, so what holds for the address holds for the customer."""

    def __init__(self, people: People) -> None:
        self._consent = people.consent.copy()
        self._unreachable = {name: _lacks_address(people, name) for name in CHANNELS}
        self._suppressed = {name: np.zeros(len(people), dtype=np.bool_) for name in CHANNELS}

    def reason(self, channel: str, who: Ints) -> Ints:
        """Of each of ``who`` the place of the first reason in REASONS, -1 for none."""
        denied = self._consent[:, list(ASKED).index(channel)] == DENIED if channel in ASKED else np.False_
        holds = (np.broadcast_to(denied, len(self._consent)), self._unreachable[channel], self._suppressed[channel])
        return np.select([each[who] for each in holds], range(len(REASONS)), -1)

    def suppress(self, channel: str, who: Ints) -> None:
        self._suppressed[channel][who] = True

    def deny(self, channel: str, who: Ints) -> None:
        self._consent[who, list(ASKED).index(channel)] = DENIED

    @property
    def consent(self) -> Ints:
        """As it is now, like ``People.consent``."""
        return self._consent


def _lacks_address(people: People, channel: str) -> Bools:
    match CHANNELS[channel].address:
        case "email":
            return ~people.has_email
        case "phone":
            return ~people.has_phone
        case None:
            return np.zeros(len(people), dtype=np.bool_)
        case _:
            return ~people.has_app
