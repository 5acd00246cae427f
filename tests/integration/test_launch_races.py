"""A draft is launched as it was checked, or not at all."""

import pytest

from crm_core.campaigns.drafting.definition import Definitions
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.model import Campaign, CampaignFields
from crm_core.errors import Conflict
from tests.actors import ASHA, BELA
from tests.conftest import TestClock
from tests.integration.campaign_rig import Rig


def test_a_draft_that_is_edited_while_it_is_launched_is_not_launched_as_it_was(rig: Rig, clock: TestClock) -> None:
    made = rig.services

    class Meanwhile(Definitions):
        def freeze(self, campaign: Campaign, *, confirm_everyone: bool) -> CampaignFields:
            frozen = super().freeze(campaign, confirm_everyone=confirm_everyone)
            made.campaigns.update(str(campaign["_id"]), actor=BELA, message="Good bye")
            return frozen

    late = Campaigns(
        made.db, Meanwhile(made.segments, made.rule_contexts), made.pending_rows, made.error_budget, made.audit, clock
    )
    campaign = rig.draft()
    with pytest.raises(Conflict, match="Somebody else changed this campaign meanwhile"):
        late.launch(campaign, actor=ASHA)
    assert rig.state(campaign) == "draft"
    rig.launch(campaign)
    rig.finish(clock)
    assert {row.get("text") for row in made.db.messages.find({"rank": 1})} == {"Good bye"}
