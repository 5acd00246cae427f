"""Figures about an audience: bars stand where what they show is taken away or added."""

import pytest

from pages._ui.waterfall import MINUS, Bar, height_of, shortened, signed, waterfall
from pages.builder.audience.charts import Share, profile, threshold_curve

BARS = [Bar("Everyone", 1000), Bar("City", 400, -600), Bar("Or spent", 550, 150), Bar("Reachable", 550)]


def test_the_waterfall_s_bars_stand_where_the_change_begins_and_ends() -> None:
    (trace,) = waterfall(BARS).data
    assert list(trace.base) == [0, 400, 400, 0]
    assert list(trace.x) == [1000, 600, 150, 550]
    assert list(trace.text) == ["1,000", f"{MINUS}600", "+150", "550"]
    assert list(trace.y) == [0, 1, 2, 3]
    assert trace.orientation == "h"


def test_the_waterfall_says_on_hover_who_is_left_and_marks_its_totals() -> None:
    (trace,) = waterfall(BARS).data
    assert [tuple(each) for each in trace.customdata] == [
        ("Everyone", "1,000"),
        ("City", "400"),
        ("Or spent", "550"),
        ("Reachable", "550"),
    ]
    assert list(trace.meta["role"]) == ["accent", "muted", "muted", "accent"]


def test_the_waterfall_s_axis_ends_with_its_longest_bar() -> None:
    assert tuple(waterfall(BARS).layout.xaxis.range) == (0, 1000)
    assert tuple(waterfall([Bar("Nobody", 0), Bar("Added", 700, 700)]).layout.xaxis.range) == (0, 700)
    assert tuple(waterfall([Bar("Nobody", 0)]).layout.xaxis.range) == (0, 1)
    assert tuple(waterfall([]).layout.xaxis.range) == (0, 1)


def test_a_change_of_nothing_is_a_bar_without_a_length_at_who_is_left() -> None:
    (trace,) = waterfall([Bar("Everyone", 10), Bar("Same", 10, 0)]).data
    assert (list(trace.base), list(trace.x), list(trace.text)) == ([0, 10], [10, 0], ["10", "0"])


def test_rows_with_equal_labels_stay_apart() -> None:
    axis = waterfall([Bar("City", 3), Bar("City", 2, -1)]).layout.yaxis
    assert (list(axis.tickvals), list(axis.ticktext), axis.autorange) == ([0, 1], ["City", "City"], "reversed")


def test_a_profile_shows_each_row_s_share_of_the_audience_and_of_everyone() -> None:
    ours, everyone = profile([Share("Pune", 5, 10), Share("Oslo", 15, 30)], audience=20, everyone=200).data
    assert (list(ours.x), list(everyone.x)) == ([25, 75], [5, 15])
    assert [tuple(each) for each in ours.customdata] == [("Pune", "5", "25.0 %"), ("Oslo", "15", "75.0 %")]
    assert [tuple(each) for each in everyone.customdata] == [("Pune", "10", "5.0 %"), ("Oslo", "30", "15.0 %")]
    assert (ours.name, everyone.name) == ("This audience", "Everyone")


def test_a_profile_of_nobody_has_no_shares() -> None:
    ours, everyone = profile([Share("Pune", 0, 1)], audience=0, everyone=4).data
    assert (list(ours.x), list(everyone.x), ours.customdata[0][2]) == ([0], [25], "–")


def test_the_curve_marks_the_chosen_threshold_from_the_axis_up() -> None:
    line, mark = threshold_curve([1, 2, 3], [9, 5, 1], chosen=1, labels=["1", "2", "3"]).data
    assert (list(line.x), list(line.y)) == ([1, 2, 3], [9, 5, 1])
    assert (list(mark.x), list(mark.y)) == ([2, 2], [0, 5])
    assert [tuple(each) for each in line.customdata] == [("1", "9"), ("2", "5"), ("3", "1")]


@pytest.mark.parametrize(
    ("change", "text"), [(-46_837, f"{MINUS}46,837"), (12, "+12"), (0, "0"), (-1, f"{MINUS}1"), (1, "+1")]
)
def test_a_change_has_its_sign(change: int, text: str) -> None:
    assert signed(change) == text


def test_a_label_is_cut_where_it_would_not_fit_and_says_so() -> None:
    assert shortened("x" * 26) == "x" * 26
    assert shortened("x" * 27) == "x" * 25 + "…"
    assert shortened("abc def", 5) == "abc…"


def test_a_figure_grows_with_its_rows_from_two_on() -> None:
    assert height_of(1) == height_of(2) == 66
    assert height_of(5) == 147


def test_names_from_people_are_no_html_in_a_figure() -> None:
    typed, safe = "<a href='x'>R&D</a>", "&lt;a href='x'&gt;R&amp;D&lt;/a&gt;"
    steps, shares = waterfall([Bar(typed, 1)]), profile([Share(typed, 1, 2)], audience=1, everyone=2)
    curve = threshold_curve([1], [1], chosen=0, labels=[typed])
    for fig in (steps, shares):
        assert list(fig.layout.yaxis.ticktext) == [safe]
    assert {fig.data[0].customdata[0][0] for fig in (steps, shares, curve)} == {safe}
