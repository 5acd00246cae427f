"""From a stored campaign to the one that the API shows."""

from typing import cast

from crm_core.api.answers import campaigns as answers
from crm_core.campaigns.model import Campaign

OWN = {"id", "exclude_segment_ids"}
"""Made from stored fields of other names."""
SHOWN = tuple(name for name in answers.Campaign.__annotations__ if name not in OWN)


def campaign_json(campaign: Campaign) -> answers.Campaign:
    """Without the marks of workers, and without frozen segments, which can be long."""
    shown = {
        "id": campaign["_id"],
        **{name: campaign.get(name) for name in SHOWN},
        "exclude_segment_ids": [each["segment_id"] for each in campaign.get("exclude_segments") or ()],
    }
    return cast("answers.Campaign", shown)
