"""Rows of the message log, as answers show them."""

from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from crm_core.campaigns.counts import Plan
from crm_core.campaigns.states import CampaignState
from crm_core.channels.wire import ChannelName
from crm_core.schema.message_states import MessageState


class Message(TypedDict):
    """One customer's message of one campaign, whatever became of it. A time is present once its step was reached."""

    id: str
    campaign_id: str
    customer_id: str
    channel: ChannelName
    state: MessageState
    created_at: datetime
    reason: NotRequired[
        Annotated[str, Field(description="Why it was skipped or failed, or what it waits for until `due_at`.")]
    ]
    same_address_as: NotRequired[
        Annotated[
            str, Field(description="Of a message skipped as `same_address`: the customer who is written to there.")
        ]
    ]
    due_at: NotRequired[datetime]
    variant: NotRequired[str]
    n: NotRequired[Annotated[int, Field(description="How often somebody asked for another try.")]]
    text: NotRequired[Annotated[str, Field(description="As it was sent; needs the scope customers:read.")]]
    preheader: NotRequired[Annotated[str, Field(description="As it was sent; needs the scope customers:read.")]]
    subject: NotRequired[Annotated[str, Field(description="As it was sent; needs the scope customers:read.")]]
    vendor_id: NotRequired[str]
    sent_at: NotRequired[datetime]
    delivered_at: NotRequired[datetime]
    opened_at: NotRequired[datetime]
    clicked_at: NotRequired[datetime]
    failed_at: NotRequired[datetime]
    skipped_at: NotRequired[datetime]
    held_out_at: NotRequired[datetime]
    unsubscribed_at: NotRequired[
        Annotated[datetime, Field(description="When its link was used to get no more messages over this channel.")]
    ]


class MessagePage(TypedDict):
    """Messages of one customer or one campaign."""

    items: list[Message]
    next: str | None


class Identity(TypedDict):
    """Whether every customer of the audience has exactly one message.

    A campaign that was cancelled, or failed, while its audience was still being walked has a plan that was `cut_short`:
    its messages add up to `audience`, and `never_planned` more customers matched.
    """

    plan: Annotated[Plan, Field(description="How far the audience was walked.")]
    never_planned: Annotated[
        int | None, Field(description="Of a plan that was cut short; null until they are counted, and for other plans.")
    ]

    planned: Annotated[
        int | None, Field(description="The audience when the last message was planned; null until then.")
    ]
    adds_up: Annotated[bool | None, Field(description="Whether `planned` equals `audience`; null until then.")]


class Stats(TypedDict):
    """How many messages of a campaign are in each state, counted from the message log."""

    state: CampaignState
    audience: int
    by_state: Annotated[
        dict[MessageState, int],
        Field(description="Each customer counted once, by the present state of the message; sums to `audience`."),
    ]
    reached: Annotated[
        dict[Literal["sent", "delivered", "opened", "clicked"], int],
        Field(description="How many got at least so far; what was attempted counts as sent, whatever came of it."),
    ]
    skipped_by_reason: dict[str, int]
    failed_by_reason: dict[str, int]
    pending_by_reason: Annotated[dict[str, int], Field(description="Pending messages that wait for something.")]
    by_variant: Annotated[
        dict[str, dict[MessageState, int]],
        Field(description="The same by variant; customers who are held out or excluded have none."),
    ]
    unsubscribed: Annotated[
        int, Field(description="Customers who have unsubscribed from the channel by the link of their message.")
    ]
    identity: Identity
    as_of: datetime
