"""The theme in ``.streamlit/config.toml``: text that can be read (WCAG AA), and one truth for its colours."""

import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui.palette import SEQUENCES, STATE_LABELS, SURFACES, THEMES, Theme, colour
from tests.unit.colour_vision import blend, contrast

CONFIG: Final = tomllib.loads((Path(__file__).parents[2] / ".streamlit/config.toml").read_text("utf-8"))
TINTS: Final = ("red", "orange", "yellow", "blue", "green", "violet", "gray")
# Streamlit draws captions, icons of the navigation and the like in the text colour at this opacity.
FADED: Final = 0.6


def surfaces(theme: Theme) -> list[str]:
    section = CONFIG["theme"][theme]
    return [section["backgroundColor"], section["secondaryBackgroundColor"], section["sidebar"]["backgroundColor"]]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["textColor", "linkColor", "codeTextColor", "dataframeHeaderTextColor"])
def test_text_is_readable_on_every_surface(name: str, theme: Theme) -> None:
    for surface in surfaces(theme):
        assert contrast(CONFIG["theme"][theme][name], surface) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_captions_are_readable_on_every_surface(theme: Theme) -> None:
    for surface in surfaces(theme):
        assert contrast(blend(CONFIG["theme"][theme]["textColor"], surface, FADED), surface) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("tint", TINTS)
def test_badges_and_alerts_are_readable(tint: str, theme: Theme) -> None:
    section = CONFIG["theme"][theme]
    assert contrast(section[f"{tint}TextColor"], section[f"{tint}BackgroundColor"]) >= 4.5
    assert contrast(section[f"{tint}TextColor"], section["backgroundColor"]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_the_white_label_of_a_primary_button_is_readable(theme: Theme) -> None:
    accent = CONFIG["theme"][theme]["primaryColor"]
    assert contrast("#FFFFFF", accent) >= 4.5
    assert contrast(accent, CONFIG["theme"][theme]["backgroundColor"]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_streamlits_own_charts_use_the_palette(theme: Theme) -> None:
    section: dict[str, Any] = CONFIG["theme"][theme]
    assert section["backgroundColor"] == SURFACES[theme]
    assert section["textColor"] == colour("text", theme)
    assert tuple(section["chartSequentialColors"]) == SEQUENCES[theme]
    assert set(section["chartCategoricalColors"]) == {colour(state, theme) for state in STATE_LABELS}


def test_address_and_port_are_left_to_the_deploy() -> None:
    assert not {"address", "port"} & set(CONFIG["server"])


def test_branding_and_shared_widgets_draw_without_an_error() -> None:
    at = AppTest.from_function(_page_with_everything).run()
    assert not at.exception
    assert at.title[0].value == "Campaigns"
    assert [button.label for button in at.button] == ["New campaign", "Create the first campaign"]
    assert "blue-badge[:material/bolt: sending]" in at.markdown[0].value


def _page_with_everything() -> None:
    from datetime import UTC, datetime

    import streamlit as st

    from pages._ui import branding, widgets

    branding.apply_branding()
    with widgets.page_header("Campaigns", "Newest first"):
        st.button("New campaign")
    st.markdown(widgets.status_badge("sending"))
    with widgets.empty_state("campaign", "No campaigns yet", "Pick an audience first."):
        st.button("Create the first campaign")
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    widgets.time_caption("Updated", now, now)
