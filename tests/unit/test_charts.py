"""Figures hold the numbers they were given, in colours that everyone can tell apart, in both themes."""

import itertools
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from streamlit.testing.v1 import AppTest

from pages._ui import charts
from pages._ui.palette import STATE_LABELS, SURFACES, THEMES, Theme, colour
from pages._ui.plot_theme import dress, template_name
from tests.unit.colour_vision import DEFICIENCIES, contrast, difference

BY_STATE = {
    "pending": 26816,
    "sent": 2090,
    "delivered": 32870,
    "opened": 15300,
    "clicked": 4700,
    "failed": 3012,
    "skipped": 2232,
    "held_out": 1000,
}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POINTS = [{"at": NOON + timedelta(seconds=10 * i), "sent": 100 * i, "delivered": 90 * i, "failed": i} for i in range(4)]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("state", STATE_LABELS)
def test_every_state_stands_out_from_the_surface(state: str, theme: Theme) -> None:
    assert contrast(colour(state, theme), SURFACES[theme]) >= 3


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("role", ["text", "quiet_text"])
def test_text_on_charts_is_readable(role: str, theme: Theme) -> None:
    assert contrast(colour(role, theme), SURFACES[theme]) >= 4.5
    assert contrast(colour(role, theme), colour("raised", theme)) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_no_two_states_look_alike_to_a_colour_blind_reader(deficiency: str, theme: Theme) -> None:
    for one, other in itertools.combinations(STATE_LABELS, 2):
        assert difference(colour(one, theme), colour(other, theme), deficiency) >= 0.08, (one, other)


def test_sent_and_delivered_are_clearly_apart_in_every_eye() -> None:
    for theme, deficiency in itertools.product(THEMES, DEFICIENCIES):
        assert difference(colour("sent", theme), colour("delivered", theme), deficiency) >= 0.12


def test_a_template_is_registered_for_each_theme() -> None:
    assert {template_name(theme) for theme in THEMES} == {"clientnest_light", "clientnest_dark"}
    assert {template_name(theme) for theme in THEMES} <= set(pio.templates)


def test_the_timeline_draws_the_running_totals_it_was_given() -> None:
    fig = charts.delivery_timeline(POINTS)
    assert {line.name: list(line.y) for line in fig.data} == {
        "Sent": [0, 100, 200, 300],
        "Delivered": [0, 90, 180, 270],
        "Failed": [0, 1, 2, 3],
    }


def test_the_lines_of_the_timeline_differ_by_more_than_colour() -> None:
    dashes = [line.line.dash for line in charts.delivery_timeline(POINTS).data]
    assert len(set(dashes)) == len(dashes)


def test_the_timeline_shows_utc_whatever_the_zone_of_its_points() -> None:
    kolkata = timezone(timedelta(hours=5, minutes=30))
    there = [{**point, "at": point["at"].astimezone(kolkata)} for point in POINTS if isinstance(point["at"], datetime)]
    first = charts.delivery_timeline(there).data[0].x[0]
    assert np.datetime64(first) == np.datetime64("2026-11-22T12:00:00")


def test_ranked_bars_make_room_for_their_longest_number() -> None:
    def margin(count: int) -> int:
        return int(charts.ranked_bars([{"label": "No consent", "count": count, "role": "skipped"}]).layout.margin.r)

    assert list(charts.ranked_bars([{"label": "a", "count": 1480}]).data[0].text) == ["1,480"]
    assert margin(1_480_000) >= margin(1) + 8 * len(",480,000")


def test_ranked_bars_show_names_from_people_as_typed_and_apart() -> None:
    fig = charts.ranked_bars([{"label": label, "count": 1} for label in ("<a href='x'>2</a>", "7", "7")])
    assert list(fig.layout.yaxis.ticktext) == ["&lt;a href='x'&gt;2&lt;/a&gt;", "7", "7"]
    assert (list(fig.layout.yaxis.tickvals), list(fig.data[0].y)) == ([0, 1, 2], [0, 1, 2])
    assert list(fig.data[0].customdata) == list(fig.layout.yaxis.ticktext)


@pytest.mark.parametrize(
    "fig",
    [
        charts.delivery_timeline([]),
        charts.ranked_bars([]),
    ],
)
def test_without_data_a_figure_says_so_in_words(fig: go.Figure) -> None:
    assert not fig.data
    assert fig.layout.annotations[0].text


@pytest.mark.parametrize("theme", THEMES)
def test_a_state_has_the_same_colour_on_every_figure(theme: Theme) -> None:
    line = dress(charts.delivery_timeline(POINTS), theme).data[1]
    ranked = dress(charts.ranked_bars([{"label": "x", "count": 1, "role": "delivered"}]), theme).data[0]
    assert {line.line.color, *ranked.marker.color} == {colour("delivered", theme)}


def test_figures_carry_no_title_for_a_legend_to_run_into() -> None:
    for fig in (charts.ranked_bars([{"label": "x", "count": 1}]), charts.delivery_timeline(POINTS)):
        assert dress(fig, "light").layout.title.text is None


def test_a_shown_chart_says_its_summary_to_screen_readers_and_below() -> None:
    at = AppTest.from_function(_page_with_a_chart).run()
    assert not at.exception
    chart: Any = at.get("plotly_chart")[0]
    assert chart.proto.alt == "2 of 3 sent."
    assert [caption.value for caption in at.caption] == ["2 of 3 sent."]


def _page_with_a_chart() -> None:
    from pages._ui import charts

    charts.show_chart(charts.ranked_bars([{"label": "Sent", "count": 2}]), key="states", summary="2 of 3 sent.")
