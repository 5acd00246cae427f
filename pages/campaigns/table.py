"""The campaigns as rows of a table."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from crm_core.campaigns.counts import plan_of, rate_of
from crm_core.campaigns.messages.message_log import Stats
from crm_core.campaigns.model import Campaign
from crm_core.campaigns.states import CampaignState
from crm_core.channels.registry import CHANNELS
from crm_core.schema.message_states import MessageState
from pages._ui.deps import services
from pages._ui.formats import NONE, number, relative_time, utc_exact
from pages._ui.link_table import Cell, Column, Row
from pages._ui.widgets import CAMPAIGN_STATES
from pages.campaigns.words import OWN_RULE, moment_words

M = MessageState
COLUMNS: Final = (
    Column("State", shape="wide plain", sort="state"),
    Column("Campaign", shape="wide plain cut", is_link=True, sort="name"),
    Column("Segment", shape="cut", sort="segment_name"),
    Column("By", shape="plain", sort="created_by", about="Who made it"),
    Column("Tags", shape="plain", sort="tags"),
    Column("When", shape="plain", sort="when", about="Launched, starts, or drafted"),
    Column("Audience", "right", sort="audience"),
    Column(
        "Sent", "right", sort="sent", about="Handed over, whatever came of it; the bar: how much of the plan is handled"
    ),
    Column("Deliv. %", "right", sort="delivered", about="Delivered at least, in percent of sent"),
    Column("Open %", "right", sort="opened", about="Opened at least, in percent of delivered"),
    Column("Click %", "right", sort="clicked", about="Clicked, in percent of delivered"),
    Column("Failed", "right", sort="failed"),
    Column("Skipped", "right", sort="skipped"),
    Column("Held", "right", sort="held_out", about="Held out, to compare with"),
)
LEGEND: Final = "Delivered in % of sent; opened and clicked in % of delivered."
LEGEND_MORE: Final = "Audience = sent + skipped + held out, and what is still to be sent. What failed was sent as well."
SHORT: Final = {"second": "s", "minute": "min", "hour": "h"}
_SHORT: Final = re.compile(rf"({'|'.join(SHORT)})s?")
RECENT: Final = timedelta(hours=20)


def to_row(campaign: Campaign, stats: Stats, now: datetime) -> Row:
    campaign_id = campaign["_id"]
    cells = [*_identity(campaign), when_cell(campaign, now), *_figures(campaign, stats)]
    return Row(campaign_id, f"campaign?{urlencode({'campaign': campaign_id})}", cells)


def _identity(campaign: Campaign) -> Sequence[Cell]:
    state, channel = campaign["state"], CHANNELS.get(campaign["channel"])
    _, icon, tone = CAMPAIGN_STATES[state]
    return [
        Cell(state.capitalize(), icon=icon, tone=tone, exact=_why(campaign)),
        Cell(
            campaign["name"],
            icon=channel.icon if channel else "help",
            icon_label=channel.label if channel else campaign["channel"],
        ),
        Cell(campaign.get("segment_name") or OWN_RULE),
        Cell(campaign["created_by"], initials=initials(campaign["created_by"])),
        Cell(tags=campaign.get("tags") or ()),
    ]


def _why(campaign: Campaign) -> str:
    """On hover: what somebody should know of its state."""
    return campaign.get("pause_reason") or campaign.get("failure") or ""


def initials(name: str) -> str:
    """ "AR" for "Asha Rao", "AR" for "asha.rao@example.com"."""
    words = [word for word in "".join(c if c.isalnum() else " " for c in name.partition("@")[0]).split() if word]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [name[:1] or "?"]
    return "".join(letters).upper()


def when_cell(campaign: Campaign, now: datetime) -> Cell:
    words, moment = moment_words(campaign, now)
    exact = f"{words.split()[0].capitalize()} {utc_exact(moment)}"
    if abs(now - moment) < RECENT:
        return Cell(_SHORT.sub(lambda unit: SHORT[unit[1]], relative_time(moment, now)), exact)
    local = moment.astimezone(services().workspace.current().zone)
    return Cell(f"{local.day} {local:%b}" if abs(now - moment) < timedelta(days=300) else f"{local:%b %Y}", exact)


def _figures(campaign: Campaign, stats: Stats) -> Sequence[Cell]:
    if not stats.audience:
        return [_audience(campaign, stats), *[Cell(NONE)] * 7]
    handled = 1 - stats.by_state[M.PENDING] / stats.audience
    is_going_on = campaign["state"] in {CampaignState.PREPARING, CampaignState.SENDING, CampaignState.PAUSED}
    return [
        _audience(campaign, stats),
        Cell(number(stats.reached(M.SENT)), bar=handled if is_going_on else None, tone="sent"),
        *(_rate(stats, state) for state in (M.DELIVERED, M.OPENED, M.CLICKED)),
        *(_count(stats.by_state[state]) for state in (M.FAILED, M.SKIPPED, M.HELD_OUT)),
    ]


def _audience(campaign: Campaign, stats: Stats) -> Cell:
    match plan_of(campaign):
        case "cut_short":
            left = campaign.get("never_planned")
            if left is None:
                return Cell(f"≥ {number(stats.audience)}", "The plan was cut short; nobody has counted the rest.")
            words = f"The plan was cut short: {number(stats.audience)} planned, {number(left)} never."
            return (
                Cell(f"{number(stats.audience)} of {number(stats.audience + left)}", words)
                if left
                else _count(stats.audience)
            )
        case "under_way" if stats.audience:
            return Cell(f"{number(stats.audience)} +", "Still being planned.")
        case _:
            return _count(stats.audience)


def _rate(stats: Stats, state: MessageState) -> Cell:
    rate, count = rate_of(stats.by_state, state), stats.reached(state)
    if rate is None or (not count and state is not M.DELIVERED):
        return Cell(NONE)
    return Cell(f"{100 * rate:.1f}", exact=f"{number(count)} {state}", bar=rate, tone=state.value)


def _count(count: int) -> Cell:
    return Cell(number(count) if count else NONE)
