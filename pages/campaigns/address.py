"""Addresses within a campaign's page: its section, and whom the list of recipients shows."""

from typing import NoReturn
from urllib.parse import urlencode

from crm_core.schema.message_states import MessageState
from pages._ui.links import go_to


def recipients_of(campaign_id: str, state: MessageState, reason: str) -> dict[str, str]:
    return {"campaign": campaign_id, "section": "recipients", "state": state.value, "reason": reason}


def href_of(campaign_id: str, state: MessageState, reason: str) -> str:
    return f"campaign?{urlencode(recipients_of(campaign_id, state, reason))}"


def open_recipients(campaign_id: str, state: MessageState, reason: str) -> NoReturn:
    go_to("campaign", **recipients_of(campaign_id, state, reason))
