"""The app's look for Plotly: one template per theme, and the painting of traces that say what they mean.

A figure carries no colours. A trace names its role, ``meta={"role": "delivered"}`` (or a list, one role per bar),
and ``dress`` paints it for the reader's theme, so that figures stay pure and a state looks the same everywhere.
"""

from typing import Any, Final

import plotly.graph_objects as go
import plotly.io as pio
import streamlit as st

from pages._ui.accent import DEFAULT, shade_of
from pages._ui.palette import SEQUENCES, SURFACES, THEMES, Theme, colour

# The family that Streamlit bundles and serves itself.
FONT_FAMILY: Final = '"Source Sans", "Source Sans Pro", sans-serif'
_COLOURWAY: Final = ("accent", "sent", "opened", "clicked", "failed", "held_out", "muted")


def dress(fig: go.Figure, theme: Theme, accent: str = DEFAULT) -> go.Figure:
    """Apply the theme's template to the figure, and its colours to the traces that name a role. accent: the
    workspace's."""
    fig.update_layout(template=template_name(theme))
    if fig.layout.barmode == "stack":
        # A seam in the colour of the page keeps neighbours apart for those who see no difference in hue.
        fig.update_traces(marker_line={"color": SURFACES[theme], "width": 1.5}, selector={"type": "bar"})
    for trace in fig.data:
        roles = (trace.meta or {}).get("role")
        if roles is not None:
            _paint(trace, roles, theme, accent)
    return fig


def reader_theme() -> Theme:
    """The theme the reader sees now; light while the browser has not told yet."""
    return "dark" if st.context.theme.type == "dark" else "light"


def template_name(theme: Theme) -> str:
    """The name under which the theme's template is registered with Plotly."""
    return f"clientnest_{theme}"


def _paint(trace: Any, roles: str | list[str] | tuple[str, ...], theme: Theme, accent: str) -> None:
    def shade(role: str) -> str:
        return shade_of(accent, theme).text if role == "accent" and accent != DEFAULT else colour(role, theme)

    colours = shade(roles) if isinstance(roles, str) else [shade(role) for role in roles]
    if trace.type == "scatter":
        trace.line.color = colours
    else:
        trace.marker.color = colours


def _template(theme: Theme) -> go.layout.Template:
    return go.layout.Template(layout=_layout(theme), data=_trace_defaults(theme))


def _layout(theme: Theme) -> dict[str, Any]:
    quiet = colour("quiet_text", theme)
    return {
        "font": {"family": FONT_FAMILY, "size": 13, "color": quiet},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "colorway": [colour(role, theme) for role in _COLOURWAY],
        "colorscale": {"sequential": _scale(theme)},
        "separators": ".,",
        # Plotly widens these for axis labels (automargin) and for the legend, so that nothing is cut.
        "margin": {"l": 4, "r": 12, "t": 8, "b": 4},
        "legend": _legend(theme),
        "hoverlabel": _hover_label(theme),
        "xaxis": _axis(theme) | {"showgrid": False, "spikedash": "solid", "spikethickness": 1},
        "yaxis": _axis(theme) | {"showline": False, "zeroline": True, "rangemode": "tozero"},
        # A drag scrolls the page; it never zooms the chart.
        "dragmode": False,
        "bargap": 0.28,
        "barcornerradius": 3,
    }


def _axis(theme: Theme) -> dict[str, Any]:
    return {
        "automargin": True,
        "fixedrange": True,
        "gridcolor": colour("grid", theme),
        "zerolinecolor": colour("axis", theme),
        "linecolor": colour("axis", theme),
        "showline": True,
        "spikecolor": colour("axis", theme),
        "ticks": "",
        "ticklabelstandoff": 6,
        "title": {"standoff": 8, "font": {"size": 12}},
        # 20,000 rather than 20k.
        "exponentformat": "none",
        "separatethousands": True,
    }


def _legend(theme: Theme) -> dict[str, Any]:
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "font": {"color": colour("text", theme)},
        "itemclick": False,
        "itemdoubleclick": False,
        "traceorder": "normal",
        # All of it, however many lines it takes on a phone: by default a legend scrolls from half the height on.
        "maxheight": 1,
    }


def _hover_label(theme: Theme) -> dict[str, Any]:
    return {
        "bgcolor": colour("raised", theme),
        "bordercolor": colour("axis", theme),
        "font": {"family": FONT_FAMILY, "size": 13, "color": colour("text", theme)},
        "align": "left",
        "namelength": -1,
    }


def _trace_defaults(theme: Theme) -> dict[str, Any]:
    return {
        "bar": [{"textfont": {"color": colour("text", theme)}, "cliponaxis": False}],
        "heatmap": [{"colorscale": _scale(theme), "xgap": 2, "ygap": 2, "colorbar": _colour_bar()}],
        "scatter": [{"line": {"width": 2.25}, "cliponaxis": False}],
    }


def _scale(theme: Theme) -> list[list[float | str]]:
    ramp = SEQUENCES[theme]
    return [[step / (len(ramp) - 1), shade] for step, shade in enumerate(ramp)]


def _colour_bar() -> dict[str, Any]:
    return {"thickness": 10, "outlinewidth": 0, "exponentformat": "none", "separatethousands": True}


for _theme in THEMES:
    pio.templates[template_name(_theme)] = _template(_theme)
