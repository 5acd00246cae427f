"""The draft that somebody writes: what stands in it, and saving each change as it is made."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast
from uuid import uuid4

import streamlit as st

from crm_core.campaigns.drafting.definition import FIRST_MESSAGE, UNTITLED, DraftFields
from crm_core.campaigns.drafting.drafts import DraftChanged
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.channels.channel import Channel
from crm_core.channels.registry import CHANNELS
from crm_core.errors import CrmError, NotFound
from crm_core.rules.loading import load_rule
from crm_core.rules.tree import AnyRule, ListRule
from pages._ui.deps import actor, services
from pages._ui.widgets import place_in

OPENED: Final = "wizard_opened"
CAMPAIGN: Final = "campaign"
"""The query parameter with the id of the draft."""
WISHES: Final = ("segment", "board", "channel")
"""Those of a link that leads to a new one: its audience and channel."""
QUICK_S: Final = 10.0
"""So long after something of a draft was used, an address without its id may be one of before it was stored."""


@dataclass
class Opened:
    """What this tab has open. campaign_id: None until something was changed. revision: as the reader saw it.

    token: part of the keys of its widgets; with another they are drawn anew. unsaved: changes that are not stored, with
    ``error`` as the reason, and with ``theirs`` as the draft that somebody else has made of it meanwhile. wishes: of
    the link that led here. awaits_rule: its reader has gone to the builder. note: what of the link cannot be had.
    step: that is shown.
    touched_at: when something of it was used, on a monotonic clock, until the page is drawn for it.
    """

    campaign_id: str | None
    revision: int = 0
    token: str = field(default_factory=lambda: uuid4().hex[:8])
    unsaved: dict[str, Any] = field(default_factory=dict)
    error: CrmError | None = None
    theirs: Campaign | None = None
    wishes: Mapping[str, str] = field(default_factory=dict)
    awaits_rule: bool = False
    note: str | None = None
    step: str = ""
    touched_at: float | None = None


class Draft:
    """campaign: as it is stored; of one that is new, what it begins with."""

    def __init__(self, opened: Opened, campaign: Campaign) -> None:
        self.opened = opened
        self.campaign = campaign

    def __getitem__(self, name: str) -> Any:
        """What is written for a field of DraftFields, stored or not."""
        stored: Mapping[str, Any] = self.campaign
        return self.opened.unsaved.get(name, stored.get(name))

    @property
    def rule(self) -> AnyRule | None:
        """Whom it goes to, before exclusions; of a segment, as that is now. Raises NotFound, BadRule."""
        if segment_id := self["segment_id"]:
            return load_rule(services().segments.get(segment_id)["rule"])
        if ids := self.opened.unsaved.get("customer_ids"):
            return ListRule(customer_ids=tuple(ids))
        rule = self["rule"]
        return load_rule(rule) if isinstance(rule, dict) else rule

    @property
    def is_unnamed(self) -> bool:
        return bool(self["name"] == UNTITLED)

    @property
    def excluded(self) -> list[str]:
        """The ids of the segments that are left out."""
        stored = [each["segment_id"] for each in self.campaign.get("exclude_segments") or ()]
        return list(self.opened.unsaved.get("exclude_segment_ids", stored))

    @property
    def channel(self) -> Channel:
        return CHANNELS[self["channel"]]

    def latest(self) -> "Draft":
        """Read anew: a callback is called with what was drawn before, and others may have stored something since."""
        return _read(self.opened)

    def key(self, name: str) -> str:
        """Of a widget."""
        return f"draft_{self.opened.token}_{name}"

    def bind(
        self,
        name: str,
        value: Any,
        change: Callable[[Any], DraftFields],
        *,
        default: Literal["value", "default"] | None = "value",
        options: Sequence[Any] | None = None,
    ) -> dict[str, Any]:
        """Key, callback and default of a widget that begins with ``value``; ``change``: what its new value means.

        A widget that is just taken off the page may report its default as a change, so that is what it showed last.
        default: what the widget calls it; None for one that can be cleared, of which nothing is no change while another
        step is shown. options: of a widget that takes the place of the value among them.
        """
        key = self.key(name)
        if key not in st.session_state:
            st.session_state[key] = value
        shown, step = st.session_state[key], self.opened.step
        begun: dict[str, Any] = {default: shown} if default else {}

        def take() -> None:
            value = st.session_state[key]
            if value is not None or self.opened.step == step:
                save(change(value))

        return {"key": key, "on_change": take, **(begun if options is None else {"index": place_in(options, shown)})}

    def text(self, name: str) -> dict[str, Any]:
        """Key and callback of a widget for the text of a field."""
        return self.bind(
            name, self[name] or "", lambda text: cast("DraftFields", {name: text if text.strip() else None})
        )

    def write(self, name: str, value: Any) -> None:
        """Put a value into a widget; call it before the widget is drawn."""
        st.session_state[self.key(name)] = value


def open_draft() -> Draft:
    """The draft that the address names, or a new one for the segment, rule and channel that it names, which is stored
    with its first change. Raises NotFound."""
    opened: Opened | None = st.session_state.get(OPENED)
    wanted = _wanted(opened)
    if opened and opened.awaits_rule and "board" in st.query_params:
        opened.awaits_rule = False
        _take({"board": st.query_params["board"]}, opened)
        save({})
        wanted = opened.campaign_id
    wishes = {} if wanted else {name: st.query_params[name] for name in WISHES if name in st.query_params}
    if opened is None or opened.campaign_id != wanted or (wanted is None and opened.wishes != wishes):
        opened = st.session_state[OPENED] = Opened(wanted, wishes=wishes)
        _take(wishes, opened)
    found = _read(opened)
    if wanted is None:
        return found
    revision = found.campaign.get("revision", 0)
    if opened.revision != revision and not opened.unsaved:  # it is new here, or somebody else has changed it
        opened.revision, opened.token = revision, uuid4().hex[:8]
    if opened.unsaved and opened.theirs is None:
        save({})
        return _read(opened)
    return found


def _wanted(opened: Opened | None) -> str | None:
    """The id that the address names, or that of the open draft, whose reader did the next thing before the browser
    heard that it was stored."""
    named = st.query_params.get(CAMPAIGN)
    if opened is None or opened.touched_at is None:
        return named
    is_quick = time.monotonic() - opened.touched_at < QUICK_S
    opened.touched_at = None
    if named or opened.campaign_id is None or not is_quick:
        return named
    _name_in_address(opened.campaign_id)
    return opened.campaign_id


def _name_in_address(campaign_id: str) -> None:
    """By one message to the browser: between two of them the next run may begin."""
    others = {name: value for name, value in st.query_params.to_dict().items() if name not in WISHES}
    st.query_params.from_dict({**others, CAMPAIGN: campaign_id})


def _read(opened: Opened) -> Draft:
    """Raises NotFound."""
    campaigns = services().campaigns
    if opened.campaign_id is None:
        return Draft(opened, campaigns.blank(actor=actor(), **_begun(opened)))
    return Draft(opened, campaigns.get(opened.campaign_id))


def audience(*, segment_id: str | None = None, rule: AnyRule | None = None, ids: Sequence[str] = ()) -> DraftFields:
    """The change to another audience, or to none."""
    return {"segment_id": segment_id, "rule": rule, "customer_ids": ids or None}


def _take(wishes: Mapping[str, str], opened: Opened) -> None:
    """Begin with them; the address keeps them until the draft is stored."""
    try:
        if segment_id := wishes.get("segment"):
            opened.unsaved |= audience(segment_id=services().segments.get(segment_id)["_id"])
        if board := wishes.get("board"):
            opened.unsaved |= audience(rule=services().shared_rules.get(board))
    except NotFound as exc:
        opened.note = str(exc)
    if (channel := wishes.get("channel")) in CHANNELS:
        opened.unsaved["channel"] = channel


def is_open(campaign: Campaign) -> bool:
    """Whether it can be edited."""
    return campaign["state"] == CampaignState.DRAFT


def touch() -> None:
    """Note that something of the open draft is used."""
    opened: Opened = st.session_state[OPENED]
    opened.touched_at = time.monotonic()


def note_drawn() -> None:
    """Note that the page shows all that was done."""
    opened: Opened = st.session_state[OPENED]
    opened.touched_at = None


def save(fields: DraftFields) -> None:
    """Store a change with those that are not stored yet; what cannot be stored stays on the page."""
    touch()
    opened: Opened = st.session_state[OPENED]
    opened.unsaved |= fields
    if opened.theirs is None:
        _store(opened)


def keep_mine() -> None:
    """Put one's own changes over those of the other."""
    opened: Opened = st.session_state[OPENED]
    if opened.theirs:
        opened.revision, opened.theirs = opened.theirs.get("revision", 0), None
        _store(opened)


def take_theirs() -> None:
    """Drop one's own changes for those of the other."""
    opened: Opened = st.session_state[OPENED]
    opened.unsaved, opened.theirs, opened.error = {}, None, None


def _begun(opened: Opened) -> DraftFields:
    """A new draft so far."""
    return cast("DraftFields", {"message": FIRST_MESSAGE, **opened.unsaved})


def _store(opened: Opened) -> None:
    campaigns = services().campaigns
    try:
        if opened.campaign_id is None:
            campaign = campaigns.begin(actor=actor(), **_begun(opened))
        else:
            changed = cast("DraftFields", opened.unsaved)
            campaign = campaigns.save(opened.campaign_id, opened.revision, actor=actor(), **changed)
    except DraftChanged as exc:
        opened.theirs = exc.campaign
    except CrmError as exc:
        opened.error = exc
    else:
        opened.campaign_id, opened.revision = campaign["_id"], campaign.get("revision", 0)
        opened.unsaved, opened.error = {}, None
        _name_in_address(campaign["_id"])
