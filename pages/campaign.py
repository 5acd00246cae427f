"""Campaign: one campaign, live while it is being delivered."""

from datetime import timedelta

import streamlit as st

from crm_core.campaigns.ledger import Stats
from crm_core.campaigns.states import CampaignState, MessageState
from crm_core.errors import CrmError, NotFound
from crm_core.infra.mongo import Doc
from crm_core.rules.loading import load_rule
from pages._ui import queries
from pages._ui.channels import reason_words
from pages._ui.charts import delivery_timeline, ranked_bars, show_chart
from pages._ui.deps import services
from pages._ui.formats import duration, literal, number, percent, relative_time, utc_exact
from pages._ui.guard import live
from pages._ui.launching import launch_dialog
from pages._ui.links import link_to
from pages._ui.palette import STATE_LABELS
from pages._ui.rule_words import rule_words
from pages._ui.widgets import CARD_PX, page_header, status_badge

LIVE_S = 1.0
OWN_RULE = "a rule of its own"
STATES = [(MessageState(state), label) for state, label in STATE_LABELS.items()]
REACHED = (MessageState.DELIVERED, MessageState.OPENED, MessageState.CLICKED)


def ask_to_launch(campaign: Doc) -> None:
    bound, _ = services().campaigns.at_launch(campaign)
    count = queries.preview(bound.rule).count
    launch_dialog(campaign["name"], campaign["segment_name"], bound.rule, count, lambda: campaign)


def show_head(campaign: Doc) -> None:
    now = services().clock()
    with page_header(campaign["name"]):
        if campaign["state"] == CampaignState.DRAFT and st.button("Launch …", type="primary"):
            ask_to_launch(campaign)
    moment = campaign.get("launched_at") or campaign["created_at"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(status_badge(campaign["state"]), width="content")
        st.markdown(":gray-badge[In-app]", width="content")
        verb = "launched" if campaign.get("launched_at") else "drafted"
        audience = literal(campaign["segment_name"] or OWN_RULE)
        st.caption(f"To {audience} · {verb} {relative_time(moment, now)}", help=utc_exact(moment), width="content")


def show_identity(campaign: Doc, stats: Stats) -> None:
    """The audience that the planner counted, beside the rows as they are now."""
    parts = [f"**{number(stats.by_state[state])}** {word.lower()}" for state, word in STATES if stats.by_state[state]]
    planned = campaign.get("audience")
    sum_line = f"**{number(stats.audience if planned is None else planned)}** audience = {' + '.join(parts) or '0'}"
    if planned is None:
        st.markdown(f":material/balance: {sum_line} · still being planned")
    elif planned == stats.audience:
        st.markdown(f":material/balance: {sum_line} :green[:material/check_circle: adds up]")
    else:
        st.markdown(f":material/balance: {sum_line} :red[:material/error: {number(stats.audience)} rows do not add up]")


def show_progress(campaign: Doc, stats: Stats) -> None:
    handled = stats.audience - stats.by_state[MessageState.PENDING]
    started = campaign["launched_at"]
    ended = campaign.get("finished_at") or services().clock()
    seconds = max((ended - started).total_seconds(), 0.001)
    words = f"{number(handled)} of {number(stats.audience)} handled"
    if campaign["state"] == CampaignState.COMPLETED:
        words += f" in {duration(ended - started)}"
    elif handled:
        rate = handled / seconds
        left = timedelta(seconds=(stats.audience - handled) / rate)
        words += f" · {number(round(rate))} per second · {duration(left)} left"
    st.progress(handled / stats.audience if stats.audience else 0.0, words)


def show_rates(stats: Stats) -> None:
    reached = sum(stats.by_state[state] for state in REACHED)
    waiting = stats.by_state[MessageState.SENT]
    figures = [
        ("Delivered", percent(reached, stats.audience), f"{number(reached)} customers"),
        ("Waiting for a receipt", percent(waiting, stats.audience), f"{number(waiting)} customers"),
        (
            "Failed",
            percent(stats.by_state[MessageState.FAILED], stats.audience),
            f"{number(stats.by_state[MessageState.FAILED])} customers",
        ),
        (
            "Skipped",
            percent(stats.by_state[MessageState.SKIPPED], stats.audience),
            f"{number(stats.by_state[MessageState.SKIPPED])} customers",
        ),
    ]
    with st.grid(4, min_column_width=CARD_PX, gap="small"):
        for label, share, count in figures:
            st.metric(label, share, count, delta_color="off", delta_arrow="off", border=True)


def show_charts(campaign: Doc, stats: Stats) -> None:
    left, right = st.columns([3, 2], gap="medium")
    end = campaign.get("finished_at") or services().clock()
    points = services().ledger.timeline(campaign["_id"], start=campaign["launched_at"], end=end)
    with left:
        st.subheader("Delivery over time", anchor=False)
        reached = sum(stats.by_state[state] for state in REACHED)
        summary = f"{number(reached)} delivered and {number(stats.by_state[MessageState.FAILED])} failed so far."
        show_chart(delivery_timeline(points), key="timeline", summary=summary)
    with right:
        st.subheader("Not delivered, by reason", anchor=False)
        rows = [
            {"label": reason_words(reason), "count": count, "role": role}
            for role, reasons in (("failed", stats.failed_by_reason), ("skipped", stats.skipped_by_reason))
            for reason, count in sorted(reasons.items(), key=lambda item: -item[1])
        ]
        if rows:
            show_chart(ranked_bars(rows), key="reasons", summary="Messages that failed or were skipped.", height=220)
        else:
            st.caption("Nothing failed or was skipped.")


def is_settled(campaign: Doc, stats: Stats) -> bool:
    """Whether nothing is on its way any more; a late receipt shows at the next visit."""
    is_moving = stats.by_state[MessageState.PENDING] or stats.by_state[MessageState.SENT]
    if campaign["state"] in {CampaignState.DRAFT, CampaignState.FAILED}:
        return True
    return bool(campaign["state"] == CampaignState.COMPLETED and not is_moving)


def show_now(campaign_id: str, *, is_live: bool) -> None:
    """The campaign as it is now. is_live: whether this is drawn again and again."""
    campaign = services().campaigns.get(campaign_id)
    stats = services().ledger.stats(campaign_id)
    as_of = services().clock()
    if is_live and is_settled(campaign, stats):
        st.rerun()
    show_head(campaign)
    if campaign["state"] == CampaignState.FAILED:
        st.error(f"Nothing was sent: {literal(campaign['failure'])}", icon=":material/error:")
        return
    if campaign["state"] == CampaignState.DRAFT:
        st.caption("A draft. Nothing is sent before it is launched.")
        return
    with st.container(border=True):
        show_progress(campaign, stats)
        show_identity(campaign, stats)
        st.caption(f"Counted from the message log at {as_of:%H:%M:%S} UTC.")
    if not stats.audience:
        st.caption(
            "Nobody matched at launch." if campaign["state"] == CampaignState.COMPLETED else "Finding the audience …"
        )
        return
    show_rates(stats)
    show_charts(campaign, stats)


def audience_words(campaign: Doc) -> str:
    """Of a draft what a launch now would freeze, of others what was frozen."""
    if campaign["state"] != CampaignState.DRAFT:
        return rule_words(load_rule(campaign["rule"]), campaign.get("rule_segments"))
    try:
        bound, _ = services().campaigns.at_launch(campaign)
    except CrmError as exc:
        return literal(str(exc))
    return rule_words(bound.rule)


def show_definition(campaign: Doc) -> None:
    is_draft = campaign["state"] == CampaignState.DRAFT
    icon = ":material/edit_note:" if is_draft else ":material/lock:"
    with st.expander("Definition" if is_draft else "Definition, frozen at launch", icon=icon):
        st.markdown(f"**Audience:** {audience_words(campaign)}")
        st.markdown("**Message**")
        st.code(campaign["message"], language=None, wrap_lines=True)


wanted = st.query_params.get("campaign")
if not wanted:
    raise NotFound("No campaign is chosen.")
link_to("campaigns", "All campaigns", icon=":material/arrow_back:")
campaign = services().campaigns.get(wanted)
moving = not is_settled(campaign, services().ledger.stats(wanted))
live(run_every=LIVE_S if moving else None)(show_now)(wanted, is_live=moving)
show_definition(campaign)
