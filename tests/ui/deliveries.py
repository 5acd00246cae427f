"""Campaigns whose message log is written by hand, so that a test knows every row of it."""

from collections.abc import Mapping
from typing import Unpack

from crm_core.campaigns.messages.rows import new_row
from crm_core.campaigns.model import Campaign, CampaignFields
from crm_core.campaigns.states import CampaignState
from crm_core.rules.loading import load_rule
from crm_core.schema.message_states import MessageState
from crm_core.services import Services
from tests.actors import TEST

RULE = load_rule({"kind": "field", "field": "visits", "op": "gte", "value": 5})
MESSAGE = "Hi {{ customer.first_name }}"
Rows = Mapping[tuple[MessageState, str | None], int]
"""How many rows there are in a state, by reason."""


def draft(services: Services, name: str = "Spring") -> str:
    made = services.campaigns.create(name=name, channel="in_app", message=MESSAGE, rule=RULE, actor=TEST)
    return str(made["_id"])


def launched(services: Services, rows: Rows, *, name: str = "Spring", is_done: bool = False) -> str:
    """A campaign that is sending, or done, with these rows."""
    campaign_id = draft(services, name)
    services.campaigns.launch(campaign_id, actor=TEST)
    keys = [key for key, count in rows.items() for _ in range(count)]
    customers = [f"c{place:03}" for place in range(len(keys))]
    made = [
        new_row(campaign_id, customer, channel="in_app", at=services.clock(), state=state)
        | ({"reason": reason} if reason else {})
        for customer, (state, reason) in zip(customers, keys, strict=True)
    ]
    if made:
        services.message_log.insert(made)
    planned: CampaignFields = {"audience": len(keys), "planned_at": services.clock()}
    _advance(services, campaign_id, CampaignState.PREPARING, CampaignState.SENDING, **planned)
    if is_done:
        _advance(services, campaign_id, CampaignState.SENDING, CampaignState.COMPLETED, finished_at=services.clock())
    return campaign_id


def campaign_of(services: Services, campaign_id: str) -> Campaign:
    return services.campaigns.get(campaign_id)


def _advance(
    services: Services, campaign_id: str, before: CampaignState, after: CampaignState, **values: Unpack[CampaignFields]
) -> None:
    assert services.campaigns.advance(campaign_id, before, after, values)
