"""Actions on a campaign. Each is refused with 409 in a state that does not allow it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from crm_core.api.access import ServicesDep
from crm_core.api.answers.campaigns import Campaign as CampaignAnswer
from crm_core.api.bodies import body_of, documented
from crm_core.api.campaign_access import UNKNOWN, Writer
from crm_core.api.campaign_bodies import LaunchBody, ScheduleBody
from crm_core.api.campaign_shapes import campaign_json
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.api.routing import Router
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.model import Campaign

router = Router(prefix="/v1", tags=["Campaigns"])
NOT_NOW = {409: "The state does not allow it; the answer names the present state and the states that do."}
NO_LAUNCH = {
    409: "It was launched before, its segment was deleted, or it would reach everyone and that was not confirmed."
}


@dataclass(frozen=True)
class _Action:
    """about: its description in the documentation. status: of a successful answer."""

    do: Callable[..., Campaign]
    about: str
    status: int = 202


ACTIONS = {
    "unschedule": _Action(Campaigns.unschedule, "Turn a scheduled campaign back into a draft."),
    "pause": _Action(
        Campaigns.pause,
        "Stop sending until the campaign is resumed. Messages that the vendor already has are delivered.",
    ),
    "resume": _Action(Campaigns.resume, "Continue a paused campaign where it stopped."),
    "cancel": _Action(
        Campaigns.cancel, "End a campaign: pending messages are skipped, messages that were sent stay sent."
    ),
    "retry": _Action(
        Campaigns.retry_failed,
        "Send failed messages again, except those that may already have been sent.",
    ),
    "archive": _Action(Campaigns.archive, "Remove a campaign from the list. Safe to repeat."),
    "unarchive": _Action(Campaigns.unarchive, "Return an archived campaign to the list. Safe to repeat."),
    "duplicate": _Action(
        Campaigns.duplicate,
        "Create a draft with the same message and audience, whatever the state of the original.",
        201,
    ),
}


@router.post(
    "/campaigns/{campaign_id}/launch",
    status_code=202,
    openapi_extra=documented(LaunchBody, required=False),
    responses=to_responses({**OF_A_BODY, **UNKNOWN, **NO_LAUNCH}),
)
def launch_campaign(
    campaign_id: str,
    services: ServicesDep,
    key: Writer,
    body: Annotated[LaunchBody, Depends(body_of(LaunchBody, default=b"{}"))],
) -> CampaignAnswer:
    """Freeze the definition of a draft and start sending."""
    launched = services.campaigns.launch(campaign_id, actor=key.actor, confirm_everyone=body.confirm_everyone)
    return campaign_json(launched)


@router.post(
    "/campaigns/{campaign_id}/schedule",
    status_code=202,
    openapi_extra=documented(ScheduleBody),
    responses=to_responses({**OF_A_BODY, **UNKNOWN, **NO_LAUNCH}),
)
def schedule_campaign(
    campaign_id: str,
    services: ServicesDep,
    key: Writer,
    body: Annotated[ScheduleBody, Depends(body_of(ScheduleBody))],
) -> CampaignAnswer:
    """Launch a draft automatically at a later time. Its audience is evaluated then."""
    scheduled = services.campaigns.schedule(
        campaign_id, body.schedule_at, actor=key.actor, confirm_everyone=body.confirm_everyone
    )
    return campaign_json(scheduled)


def _endpoint(action: _Action) -> Callable[..., CampaignAnswer]:
    def act(campaign_id: str, services: ServicesDep, key: Writer) -> CampaignAnswer:
        return campaign_json(action.do(services.campaigns, campaign_id, actor=key.actor))

    return act


for _name, _action in ACTIONS.items():
    router.add_api_route(
        f"/campaigns/{{campaign_id}}/{_name}",
        _endpoint(_action),
        methods=["POST"],
        status_code=_action.status,
        name=f"{_name}_campaign",
        description=_action.about,
        responses=to_responses(UNKNOWN if _name == "duplicate" else {**UNKNOWN, **NOT_NOW}),
    )
