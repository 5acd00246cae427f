"""The four steps of the tour: what each says, and where its button leads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from crm_core.access.permissions import Permission, roles_in_words
from crm_core.campaigns.states import CampaignState
from crm_core.insights.first_steps import FirstSteps
from crm_core.rules.loading import load_rule
from pages._ui.demo_shop import DEMO_WORDS, LOAD_DEMO, load_demo_shop
from pages._ui.deps import actor, services
from pages._ui.formats import literal, number, relative_time
from pages._ui.links import go_to
from pages.builder.links import open_in_builder

State = CampaignState
STARTER_RULE: Final[dict[str, Any]] = {"kind": "all", "rules": [
    {"kind": "field", "field": "order_count", "op": "gte", "value": 2},
]}  # fmt: skip
"""Of any shop: customers who came back. It is there for a second rule to be put beside it."""


@dataclass(frozen=True)
class TourStep:
    """text: what there is to do, or what came of it. label: of the button, which calls ``go``; empty for none.

    hindrance: what has to be done before. needs: what its button asks of the reader.
    """

    title: str
    is_done: bool
    text: str
    label: str
    go: Callable[[], None]
    needs: Permission
    hindrance: str | None = None

    @property
    def who_may(self) -> str:
        return f"This takes the role {roles_in_words(self.needs)}."


def steps_of(come: FirstSteps) -> tuple[TourStep, TourStep, TourStep, TourStep]:
    return _customers(come), _audience(come), _message(come), _launch(come)


def _customers(come: FirstSteps) -> TourStep:
    is_done = come.customers > 0
    return TourStep(
        "Bring in customers",
        is_done,
        f"{number(come.customers)} customers are here." if is_done else f"{DEMO_WORDS} Or import your own files.",
        "" if is_done else LOAD_DEMO,
        load_demo_shop,
        Permission.LOAD_DEMO,
    )


def _audience(come: FirstSteps) -> TourStep:
    text = "Drag two rules together and see at once whom they reach. The first is there already."
    if come.segment:
        text = f"“{literal(come.segment['name'])}” holds {number(come.segment['count'])} customers."
    elif campaign := come.draft or come.sent:
        text = f"It is in the campaign “{literal(campaign['name'])}”."
    return TourStep(
        "Build an audience",
        come.has_audience,
        text,
        "" if come.has_audience else "Open the builder",
        _to_builder,
        Permission.WRITE_SEGMENTS,
        None if come.customers else "Bring in customers first.",
    )


def _to_builder() -> None:
    open_in_builder("board", services().shared_rules.share(load_rule(STARTER_RULE), actor=actor()))


def _message(come: FirstSteps) -> TourStep:
    text = "Choose a channel and write to them. The preview shows it as real customers get it."
    if come.has_message and (campaign := come.sent or come.draft):
        text = f"It is in the campaign “{literal(campaign['name'])}”."
    return TourStep(
        "Write the message",
        come.has_message,
        text,
        "" if come.has_message else "Write to them",
        lambda: _to_wizard(come),
        Permission.WRITE_CAMPAIGNS,
        None if come.has_audience else "Build an audience first.",
    )


def _to_wizard(come: FirstSteps) -> None:
    if come.draft:
        go_to("new_campaign", campaign=come.draft["_id"], step="message")
    if come.segment:
        go_to("new_campaign", segment=come.segment["_id"], step="message")


def _launch(come: FirstSteps) -> TourStep:
    if come.sent:
        campaign_id = come.sent["_id"]
        return TourStep(
            "Launch and watch",
            come.is_delivered,
            _course(come),
            "Open the campaign",
            lambda: go_to("campaign", campaign=campaign_id),
            Permission.READ_FIGURES,
        )
    return TourStep(
        "Launch and watch",
        False,
        "The review says who will get it, and who not and why. Launch, and see it arrive.",
        "Go to the review",
        lambda: _to_review(come),
        Permission.WRITE_CAMPAIGNS,
        None if come.draft else "Write the message first.",
    )


def _to_review(come: FirstSteps) -> None:
    if come.draft:
        go_to("new_campaign", campaign=come.draft["_id"], step="review")


def _course(come: FirstSteps) -> str:
    """What becomes of the campaign that was launched."""
    assert come.sent
    assert come.stats
    name = f"“{literal(come.sent['name'])}”"
    match come.sent["state"]:
        case State.SCHEDULED:
            return f"{name} starts {relative_time(come.sent['scheduled_at'], services().clock())}."
        case State.PAUSED:
            return f"{name} is paused. Resume it on its page."
        case State.COMPLETED if not come.delivered:
            return f"{name} is sent, and nobody has got it yet. Its page says why."
        case _:
            return f"{name}: {number(come.delivered)} of {number(come.stats.audience)} have got it."
