"""The message vendor over HTTP."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import httpx

from crm_core.errors import Permanent, Unavailable

TIMEOUT_S = 10.0


class Vendor(Protocol):
    """What a campaign needs from a vendor: idempotent by key."""

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, str]:
        """Send up to 500 of ``{"key", "to", "channel", "body"}``; gives the vendor's id for each key.

        A key sent before is not sent again. Raises Unavailable when the call may succeed later.
        """


class HttpVendor:
    def __init__(self, url: str, secret: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=TIMEOUT_S, trust_env=False
        )

    def send(self, campaign_id: str, messages: Sequence[Mapping[str, str]]) -> dict[str, str]:
        try:
            answer = self._client.post("/v1/messages", json={"campaign": campaign_id, "messages": list(messages)})
        except httpx.TransportError as exc:
            raise Unavailable("The message vendor does not answer.") from exc
        if answer.status_code in {401, 403}:
            raise Unavailable("The message vendor does not know our secret; check CRM_VENDOR_SECRET on both sides.")
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Unavailable(f"The message vendor answered {answer.status_code}.")
        if answer.status_code != 200:
            raise Permanent(f"The message vendor refused the batch with {answer.status_code}.")
        return _vendor_ids(answer, [message["key"] for message in messages])


def _vendor_ids(answer: httpx.Response, keys: Sequence[str]) -> dict[str, str]:
    """The vendor's id for each key. Without one for every key nothing is known of the rest: ask again."""
    try:
        found = {result["key"]: result["id"] for result in answer.json()["results"]}
        return {key: found[key] for key in keys}
    except (ValueError, KeyError, TypeError) as exc:
        raise Unavailable("The message vendor's answer does not name every message of the batch.") from exc
