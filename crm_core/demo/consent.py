"""Which channels the demo customers agreed to."""

import numpy as np

from crm_core.demo.columns import Bools, Ints

STATES = ("granted", "denied", "unknown")
UNKNOWN = STATES.index("unknown")
CHANNELS = ("email", "sms", "whatsapp", "push")
EMAIL = CHANNELS.index("email")
NEED_PHONE = (CHANNELS.index("sms"), CHANNELS.index("whatsapp"))

GRANTED_SHARES = np.array((0.62, 0.36, 0.29, 0.27))  # in the order of CHANNELS
DENIED_SHARES = np.array((0.13, 0.21, 0.16, 0.24))
SAME_ANSWER_SHARE = 0.5  # who answers all channels in one mood


def draw_consent(rng: np.random.Generator, has_email: Bools, has_phone: Bools) -> Ints:
    """Draw an answer per customer and channel; nobody was asked about a channel without an address.

    Shape (customers, channels), values index ``STATES``.
    """
    count = len(has_email)
    mood = rng.random((count, 1))
    answers = np.where(rng.random((count, 1)) < SAME_ANSWER_SHARE, mood, rng.random((count, len(CHANNELS))))
    denied = (answers >= GRANTED_SHARES).astype(np.int64)
    states: Ints = denied + (answers >= GRANTED_SHARES + DENIED_SHARES)
    states[~has_email, EMAIL] = UNKNOWN
    for channel in NEED_PHONE:
        states[~has_phone, channel] = UNKNOWN
    return states
