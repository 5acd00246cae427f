"""Contrast as WCAG 2.2 defines it, and how different two colours look to a colour-blind eye."""

from typing import Final

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]

# Machado, Oliveira & Fernandes 2009, severity 1.0, for linear RGB.
DEFICIENCIES: Final[dict[str, list[list[float]]]] = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
# Björn Ottosson 2020, "A perceptual color space for image processing".
_TO_LMS: Final = [[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]]
_TO_OKLAB: Final = [[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]]


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two hex colours, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def difference(one: str, other: str, deficiency: str) -> float:
    """Distance in OKLab as seen with the deficiency: black to white is 1, about 0.02 is just noticeable."""
    return float(np.linalg.norm(_seen(one, deficiency) - _seen(other, deficiency)))


def blend(front: str, back: str, opacity: float) -> str:
    """The colour that ``front`` has over ``back``."""
    mixed = opacity * _channels(front) + (1 - opacity) * _channels(back)
    return "#" + "".join(f"{round(channel * 255):02X}" for channel in mixed)


def _luminance(hex_colour: str) -> float:
    return float(_linear(hex_colour) @ np.array([0.2126, 0.7152, 0.0722]))


def _seen(hex_colour: str, deficiency: str) -> Vector:
    seen = np.clip(np.array(DEFICIENCIES[deficiency]) @ _linear(hex_colour), 0, 1)
    oklab: Vector = np.array(_TO_OKLAB) @ np.cbrt(np.array(_TO_LMS) @ seen)
    return oklab


def _linear(hex_colour: str) -> Vector:
    c = _channels(hex_colour)
    linear: Vector = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    return linear


def _channels(hex_colour: str) -> Vector:
    return np.array([int(hex_colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
