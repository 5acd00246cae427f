"""What a campaign says and to whom: of a draft as it is, of others as it was frozen."""

from collections.abc import Iterator, Mapping

import streamlit as st

from crm_core.campaigns.drafting.content import content_of
from crm_core.campaigns.drafting.options import SKIP
from crm_core.campaigns.model import Campaign
from crm_core.channels.channel import LINES
from crm_core.errors import CrmError
from crm_core.rules.loading import load_rule
from pages._ui.deps import services
from pages._ui.formats import literal
from pages._ui.links import link_to
from pages._ui.rule_words import rule_words


def show_definition(campaign_id: str) -> None:
    campaign = services().campaigns.get(campaign_id)
    with st.container(border=True):
        is_frozen = bool(campaign.get("launched_at"))
        st.markdown(":material/lock: **Frozen at launch**" if is_frozen else ":material/edit_note: **So far**")
        if segment_id := campaign.get("segment_id"):
            version = f", version {campaign['segment_version']}" if campaign.get("segment_version") else ""
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.markdown(f"**Segment:** {literal(campaign['segment_name'] or '')}{version}", width="content")
                link_to("audience_builder", "Open", ":material/filter_alt:", segment=segment_id)
        st.markdown(f"**Audience:** {_audience_words(campaign)}")
        for label, words in _options(campaign):
            st.markdown(f"**{label}:** {words}")
        for label, part in _messages(campaign):
            st.markdown(f"**{label}**")
            for name in (*LINES, "message"):
                if part.get(name):
                    st.code(part[name], language=None, wrap_lines=True)


def _audience_words(campaign: Campaign) -> str:
    """Of one that is not launched what a launch now would freeze, of others what was frozen."""
    if campaign.get("launched_at"):
        return rule_words(load_rule(campaign["rule"]), campaign.get("rule_segments"))
    try:
        bound, _ = services().campaigns.at_launch(campaign)
    except CrmError as exc:
        return literal(str(exc))
    return rule_words(bound.rule)


def _options(campaign: Campaign) -> Iterator[tuple[str, str]]:
    if excluded := campaign.get("exclude_segments"):
        yield "Left out", "members of " + ", ".join(f"“{literal(each['name'])}”" for each in excluded)
    if days := campaign.get("exclude_recent_days"):
        yield "Left out", f"whoever got a message of any campaign in the last {'day' if days == 1 else f'{days} days'}"
    if percent := campaign.get("holdout_percent"):
        yield "Holdout", f"{percent:g} % of the audience get nothing, to compare with"
    if services().workspace.current().quiet_hours:
        skips = campaign.get("quiet_hours") == SKIP
        yield "In quiet hours", "customers are skipped" if skips else "messages wait until they are over"
    if intent := campaign.get("intent"):
        yield "Meant to", literal(intent)
    if tags := campaign.get("tags"):
        yield "Tags", " ".join(f":gray-badge[{literal(tag)}]" for tag in tags)


def _messages(campaign: Campaign) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    variants = campaign.get("variants")
    if not variants:
        yield "Message", content_of(campaign, None)
    for variant in variants or ():
        label = f"Variant {literal(variant['name'])} · {variant['weight']:g} %"
        yield label, content_of(campaign, variant["name"])
