"""The accent colour of a workspace: whatever is chosen, what is written on it and in it can be read."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.workspace.accent import READABLE, VISIBLE, contrast
from pages._ui.accent import DEFAULT, shade_of
from pages._ui.branding import _lines
from pages._ui.palette import SURFACES, THEMES, Theme
from tests.running_app import ROOT

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@given(colour=COLOURS, theme=st.sampled_from(THEMES))
def test_every_colour_has_shades_that_can_be_read_in_both_themes(colour: str, theme: Theme) -> None:
    shade = shade_of(colour, theme)
    assert contrast("#FFFFFF", shade.fill) >= READABLE
    assert contrast(shade.fill, SURFACES[theme]) >= VISIBLE
    assert contrast(shade.text, SURFACES[theme]) >= READABLE


@pytest.mark.parametrize(("colour", "theme"), [("#0E7490", "light"), ("#C0132D", "light")])
def test_a_colour_that_can_be_read_stays_as_it_is(colour: str, theme: Theme) -> None:
    assert shade_of(colour, theme).fill == shade_of(colour, theme).text == colour


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_the_default_is_that_of_the_configuration(theme: Theme) -> None:
    section = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme]
    shade = shade_of(DEFAULT, theme)
    assert (shade.fill, shade.text) == (section["primaryColor"], section["linkColor"])


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("ClientNest", ["ClientNest"]),
        ("Nordic Outfitters", ["Nordic", "Outfitters"]),
        ("The Very Long Name of a Shop", ["The Very Long", "Name of a Shop"]),
        ("Rindfleischetikettierung", ["Rindfleischetikettierung"]),
    ],
)
def test_a_long_name_stands_in_two_lines_of_about_one_length(name: str, lines: list[str]) -> None:
    assert _lines(name) == lines
