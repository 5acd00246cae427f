"""The shades of the workspace's accent colour in our two themes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crm_core.workspace.accent import Shade, shade_on
from pages._ui.palette import SURFACES, Theme

DEFAULT: Final = "#4F46E5"
_OURS: Final[Mapping[Theme, Shade]] = MappingProxyType(
    {"light": Shade("#4F46E5", "#4338CA"), "dark": Shade("#6164F0", "#A5B4FC")}
)
"""Of the default, as in .streamlit/config.toml (a test compares them)."""


def shade_of(accent: str, theme: Theme) -> Shade:
    """The shades of ``accent``, such as #0E7490, in a theme."""
    return _OURS[theme] if accent.upper() == DEFAULT else shade_on(accent, SURFACES[theme])
