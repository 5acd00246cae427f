"""Colours with a meaning: one per message state, the same on every chart, for light and dark."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("light", "dark")

# In the order of the identity line: audience = pending + sent + … + held out.
STATE_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pending": "Pending",
        "sent": "Sent",
        "delivered": "Delivered",
        "opened": "Opened",
        "clicked": "Clicked",
        "failed": "Failed",
        "skipped": "Skipped",
        "held_out": "Held out",
    }
)

# Where a message is now. "Delivered" by itself is how far it got at least.
NOW_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pending": "pending",
        "sent": "sent, no receipt",
        "delivered": "delivered, not opened",
        "opened": "opened, not clicked",
        "clicked": "clicked",
        "failed": "failed",
        "skipped": "skipped",
        "held_out": "held out",
    }
)

# The page's own background, as in .streamlit/config.toml (a test compares them).
SURFACES: Final[Mapping[Theme, str]] = MappingProxyType({"light": "#FFFFFF", "dark": "#12151E"})

# Chosen by search: at least 3:1 against the surface, and any two states apart by CIEDE2000 >= 13 and OKLab >= 0.085,
# also under simulated deuteranopia, protanopia and tritanopia (Machado 2009). tests/unit/test_charts.py guards it.
_LIGHT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pending": "#888F9F",
        "sent": "#2593DC",
        "delivered": "#4338E8",
        "opened": "#068369",
        "clicked": "#C9740E",
        "failed": "#C0132D",
        "skipped": "#2F3547",
        "held_out": "#992985",
        "accent": "#4F46E5",
        "muted": "#868DA0",
        "text": "#12162A",
        "quiet_text": "#565D73",
        "raised": "#FFFFFF",
        "grid": "#E6E9F1",
        "axis": "#C5CBD9",
    }
)
_DARK: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pending": "#8F97A8",
        "sent": "#49AEE6",
        "delivered": "#6C6FF5",
        "opened": "#7CEB9C",
        "clicked": "#F59E3D",
        "failed": "#E0454F",
        "skipped": "#C3CAD9",
        "held_out": "#925786",
        "accent": "#8B93FA",
        "muted": "#7B8398",
        "text": "#E8EAF3",
        "quiet_text": "#A6AEC3",
        "raised": "#1B1F2B",
        "grid": "#262B39",
        "axis": "#3B4258",
    }
)
_ROLES: Final[Mapping[Theme, Mapping[str, str]]] = MappingProxyType({"light": _LIGHT, "dark": _DARK})

# Ten steps from "almost nothing" to "most", for heatmaps.
SEQUENCES: Final[Mapping[Theme, tuple[str, ...]]] = MappingProxyType(
    {
        "light": (
            *("#EEF0FE", "#DDE0FC", "#C7CBFA", "#AEB3F6", "#9497F2"),
            *("#7B7BEE", "#6460EA", "#4F46E5", "#3F37BE", "#312B93"),
        ),
        "dark": (
            *("#1D2140", "#262A5C", "#31357A", "#3E4199", "#4C4FB8"),
            *("#5B5FD6", "#6C6FF5", "#8B93FA", "#AEB6FD", "#D5DAFF"),
        ),
    }
)


def colour(role: str, theme: Theme) -> str:
    """Hex colour of a message state or of a role (``accent muted text quiet_text raised grid axis``)."""
    return _ROLES[theme][role]


def state_css() -> str:
    """The colours of the states for style sheets: ``var(--state-delivered)``, in the reader's theme."""
    shades = (f"--state-{state}: light-dark({_LIGHT[state]}, {_DARK[state]});" for state in STATE_LABELS)
    return f":root {{ {' '.join(shades)} }}"


def state_label(state: str) -> str:
    """The word for a message state, "Held out" for ``held_out``; an unknown state reads as itself."""
    return STATE_LABELS.get(state, state.replace("_", " ").capitalize())
