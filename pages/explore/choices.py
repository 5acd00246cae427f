"""The controls of a question's parameters; what is chosen stands in the link."""

from collections.abc import Collection, Mapping
from typing import Any, assert_never

import streamlit as st

from crm_core.insights.question import (
    Choice,
    OfCampaign,
    OfCampaigns,
    OfField,
    OfSegment,
    OfSegments,
    Parameter,
    Question,
    Whole,
)
from pages._ui.deps import actor, services
from pages._ui.formats import literal

NOBODY_CHOSEN = ""
OF_THE_PAGE = ("section", "range")


def choose(question: Question, *, besides: Collection[str] = ()) -> dict[str, str]:
    """What is chosen, by the names of the parameters. besides: those that the page itself knows and has in its link."""
    asked = [each for each in question.parameters if each.name not in besides]
    chosen = {each.name: _choose(question.name, each) for each in asked}
    of_the_page = {name: value for name, value in st.query_params.items() if name in {*OF_THE_PAGE, *besides}}
    st.query_params.from_dict({**of_the_page, **{name: value for name, value in chosen.items() if value}})
    return chosen


def _choose(question: str, parameter: Parameter) -> str:
    key, linked = f"explore_{question}_{parameter.name}", st.query_params.get(parameter.name, "")
    match parameter:
        case Choice():
            return _one_of(parameter.title, dict(parameter.options), linked or parameter.default, key)
        case OfField():
            fields = {
                each.name: each.label
                for each in services().rule_contexts.catalogue().fields
                if each.type in parameter.types and each.is_held
            }
            return _one_of(parameter.title, fields, linked or parameter.default, key)
        case OfSegment():
            names = {NOBODY_CHOSEN: "Everyone", **services().rule_contexts.segment_names()}
            return _one_of(parameter.title, names, linked, key)
        case OfCampaign():
            names = {NOBODY_CHOSEN: "The last one", **services().insights.launched_campaigns(actor=actor())}
            return _one_of(parameter.title, names, linked, key)
        case OfCampaigns():
            launched = services().insights.launched_campaigns(actor=actor())
            return _several(parameter, launched, linked, key, f"The last {parameter.least}")
        case OfSegments():
            segments = services().rule_contexts.segment_names()
            return _several(parameter, segments, linked, key, "Everyone, and segments beside")
        case Whole():
            value = int(linked) if linked.isdigit() else parameter.default
            within = min(max(value, parameter.low), parameter.high)
            return str(st.number_input(parameter.title, parameter.low, parameter.high, within, key=key, width=160))
        case _:
            assert_never(parameter)


def _one_of(title: str, options: dict[str, str], chosen: str, key: str) -> str:
    names = list(options)
    if chosen and chosen not in options:
        st.warning(f"The link has no {title.lower()} that is there: {literal(chosen)}", icon=":material/search_off:")
    place = names.index(chosen) if chosen in options else 0
    picked: Any = st.selectbox(title, names, place, format_func=lambda name: options[str(name)], key=key, width=230)
    return str(picked)


def _several(
    parameter: OfSegments | OfCampaigns, names: Mapping[str, str], linked: str, key: str, nothing_chosen: str
) -> str:
    default = [each for each in linked.split(",") if each in names][: parameter.most]

    picked = st.multiselect(
        parameter.title,
        list(names),
        default,
        format_func=lambda an_id: names[str(an_id)],
        key=key,
        max_selections=parameter.most,
        placeholder=nothing_chosen,
        width=420,
    )
    return ",".join(map(str, picked))
