"""Which channels the demo customers agreed to."""

import numpy as np

from crm_core.channels.registry import CHANNELS
from crm_core.demo.columns import Bools, Ints

STATES = ("granted", "denied", "unknown")
UNKNOWN = STATES.index("unknown")
ASKED = {name: channel.demo_consent for name, channel in CHANNELS.items() if channel.demo_consent}
"""The channels that the demo customers were asked about, with the shares of their answers."""
EMAIL = list(ASKED).index("email")
GRANTED_SHARES = np.array([shares.granted for shares in ASKED.values()])
DENIED_SHARES = np.array([shares.denied for shares in ASKED.values()])
SAME_ANSWER_SHARE = 0.5  # who answers all channels in one mood


def draw_consent(rng: np.random.Generator, has_email: Bools, has_phone: Bools) -> Ints:
    """Draw an answer per customer and channel; nobody was asked about a channel without an address.

    Shape (customers, channels), values index ``STATES``.
    """
    count = len(has_email)
    mood = rng.random((count, 1))
    answers = np.where(rng.random((count, 1)) < SAME_ANSWER_SHARE, mood, rng.random((count, len(ASKED))))
    denied = (answers >= GRANTED_SHARES).astype(np.int64)
    states: Ints = denied + (answers >= GRANTED_SHARES + DENIED_SHARES)
    for place, name in enumerate(ASKED):
        match CHANNELS[name].address:
            case "email":
                states[~has_email, place] = UNKNOWN
            case "phone":
                states[~has_phone, place] = UNKNOWN
    return states
