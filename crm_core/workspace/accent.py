"""The workspace's accent colour in shades that can be read: one to fill with and one to write with, for each theme.

A colour that is too pale or too dark for a theme is used there in the nearest lightness that is not; its hue stays.
Source of the colour space: Björn Ottosson, OKLab (2020). Contrast: WCAG 2.2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

READABLE: Final = 4.5
"""Contrast of text, that of white on a filled button included."""
VISIBLE: Final = 3.0
"""Contrast of a button against the page."""
_STEPS: Final = 24
_Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Shade:
    """fill: white text on it can be read, and it stands out of the page. text: it can be read on the page."""

    fill: str
    text: str


@cache
def shade_on(accent: str, surface: str) -> Shade:
    """The shades of ``accent``, such as #0E7490, on a page of the colour ``surface``."""
    fill = _nearest(
        accent, lambda shade: contrast(shade, "#FFFFFF") >= READABLE and contrast(shade, surface) >= VISIBLE
    )
    text = _nearest(accent, lambda shade: contrast(shade, surface) >= READABLE + 0.5)
    return Shade(fill, text)


def contrast(first: str, second: str) -> float:
    """Of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _nearest(accent: str, is_good: Callable[[str], bool]) -> str:
    """The shade that is least lighter or darker than ``accent``."""
    if is_good(accent):
        return accent.upper()
    lightness, a, b = _to_oklab(accent)
    steps = [step / 200 for step in range(201)]
    for wanted in sorted(steps, key=lambda each: abs(each - lightness)):
        if is_good(shade := _within_gamut(wanted, a, b)):
            return shade
    raise AssertionError("some grey is readable on every page")


def _within_gamut(lightness: float, a: float, b: float) -> str:
    """Less colourful until a screen can show it."""
    for step in range(_STEPS + 1):
        share = 1 - step / _STEPS
        rgb = _from_oklab((lightness, a * share, b * share))
        if all(-0.001 <= part <= 1.001 for part in rgb):
            break
    return "#" + "".join(f"{round(255 * _encoded(min(max(part, 0.0), 1.0))):02X}" for part in rgb)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(colour: str) -> _Triple:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def _encoded(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _to_oklab(colour: str) -> _Triple:
    red, green, blue = _linear(colour)
    cone_l = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    cone_m = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    cone_s = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * cone_l + 0.7936177850 * cone_m - 0.0040720468 * cone_s,
        1.9779984951 * cone_l - 2.4285922050 * cone_m + 0.4505937099 * cone_s,
        0.0259040371 * cone_l + 0.7827717662 * cone_m - 0.8086757660 * cone_s,
    )


def _from_oklab(lab: _Triple) -> _Triple:
    lightness, a, b = lab
    cone_l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    cone_m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    cone_s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * cone_l - 3.3077115913 * cone_m + 0.2309699292 * cone_s,
        -1.2684380046 * cone_l + 2.6097574011 * cone_m - 0.3413193965 * cone_s,
        -0.0041960863 * cone_l - 0.7034186147 * cone_m + 1.7076147010 * cone_s,
    )
