"""What is done to a campaign from its draft on: each is refused with 409 in a state that does not allow it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from crm_core.api.access import ServicesDep
from crm_core.api.bodies import body_of, documented
from crm_core.api.campaign_access import UNKNOWN, Writer
from crm_core.api.campaign_bodies import LaunchBody, ScheduleBody
from crm_core.api.campaign_shapes import campaign_json
from crm_core.api.problems import OF_A_BODY, to_responses
from crm_core.campaigns.lifecycle import Campaigns
from crm_core.campaigns.model import Campaign

router = APIRouter(prefix="/v1", tags=["Campaigns"])
NOT_NOW = {409: "Its state does not allow it; the answer names the state, and those that do."}
NO_LAUNCH = {409: "It was launched before, its segment was deleted, or it would reach everyone unconfirmed."}


@dataclass(frozen=True)
class _Action:
    """about: for the documentation. status: of its answer."""

    do: Callable[..., Campaign]
    about: str
    status: int = 202


ACTIONS = {
    "unschedule": _Action(Campaigns.unschedule, "Make it a draft again."),
    "pause": _Action(Campaigns.pause, "Send nothing more until it is resumed. What the vendor has is delivered."),
    "resume": _Action(Campaigns.resume, "Go on where it was paused."),
    "cancel": _Action(Campaigns.cancel, "End it: what is pending is skipped, what was sent stays sent."),
    "retry": _Action(
        Campaigns.retry_failed,
        "Send its failed messages once more, but for those of which nobody knows whether they were sent.",
    ),
    "archive": _Action(Campaigns.archive, "Take it out of the list. Harmless to repeat."),
    "unarchive": _Action(Campaigns.unarchive, "Back into the list. Harmless to repeat."),
    "duplicate": _Action(
        Campaigns.duplicate, "A new draft that says the same to the same audience, in any state.", 201
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
    found: ServicesDep,
    key: Writer,
    body: Annotated[LaunchBody, Depends(body_of(LaunchBody, default=b"{}"))],
) -> dict[str, Any]:
    """Freeze the definition and start sending."""
    launched = found.campaigns.launch(campaign_id, actor=key.actor, confirm_everyone=body.confirm_everyone)
    return campaign_json(launched)


@router.post(
    "/campaigns/{campaign_id}/schedule",
    status_code=202,
    openapi_extra=documented(ScheduleBody),
    responses=to_responses({**OF_A_BODY, **UNKNOWN, **NO_LAUNCH}),
)
def schedule_campaign(
    campaign_id: str,
    found: ServicesDep,
    key: Writer,
    body: Annotated[ScheduleBody, Depends(body_of(ScheduleBody))],
) -> dict[str, Any]:
    """Let it be launched by itself; its audience is evaluated then."""
    scheduled = found.campaigns.schedule(
        campaign_id, body.schedule_at, actor=key.actor, confirm_everyone=body.confirm_everyone
    )
    return campaign_json(scheduled)


def _endpoint(action: _Action) -> Callable[..., dict[str, Any]]:
    def act(campaign_id: str, found: ServicesDep, key: Writer) -> dict[str, Any]:
        return campaign_json(action.do(found.campaigns, campaign_id, actor=key.actor))

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
