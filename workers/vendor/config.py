"""What one vendor process is told at its start."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from crm_core.errors import InvalidInput

DEFAULT_SUCCESS_RATE = 0.9
DEFAULT_MEAN_DELAY = timedelta(milliseconds=300)
DEFAULT_SEED = 1


@dataclass(frozen=True, slots=True)
class VendorConfig:
    """Settings of the simulated vendor.

    secret: bearer token that senders must show, and key of the signature on receipts.
    success_rate: share of messages that are delivered, 0 to 1.
    mean_delay: from accepting a message to its receipt; one message's delay is half to one and a half of it.
    seed: with a message's key it decides the outcome; same seed and key, same outcome.
    """

    secret: str = field(repr=False)
    callback_url: str
    data_path: Path
    success_rate: float = DEFAULT_SUCCESS_RATE
    mean_delay: timedelta = DEFAULT_MEAN_DELAY
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if not self.secret:
            raise InvalidInput("the vendor's secret is empty: set CRM_VENDOR_SECRET", field="secret")
        if not self.callback_url.startswith(("http://", "https://")):
            raise InvalidInput(f"callback URL {self.callback_url!r} is not http:// or https://", field="callback_url")
        if not 0 <= self.success_rate <= 1:
            raise InvalidInput(f"success rate {self.success_rate} is not in 0 to 1", field="success_rate")
        if self.mean_delay < timedelta(0):
            raise InvalidInput(f"mean delay {self.mean_delay} is negative", field="mean_delay")
