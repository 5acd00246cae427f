"""What one vendor process is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crm_core.errors import InvalidInput
from crm_core.vendor_behaviour import load_behaviour


@dataclass(frozen=True, slots=True)
class VendorConfig:
    """Settings of the simulated vendor.

    secret: bearer token that senders must show, and key of the signature on receipts.
    initial_behaviour: the fields that this start names.
    """

    secret: str = field(repr=False)
    callback_url: str
    data_path: Path
    initial_behaviour: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.secret:
            raise InvalidInput("the vendor's secret is empty: set CRM_VENDOR_SECRET", field="secret")
        if not self.callback_url.startswith(("http://", "https://")):
            raise InvalidInput(f"callback URL {self.callback_url!r} is not http:// or https://", field="callback_url")
        load_behaviour(self.initial_behaviour)
