"""The colours can be seen by everyone on both backgrounds, and no two runners look alike."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from gradparity.check.records import CheckResult
from gradparity.record.run import Run
from gradparity.report.charts.palette import COLOURS, palette
from numpy.typing import NDArray
from sample_run import agreeing, info
from samples import NAMES, hostile

WHITE, NEAR_BLACK = "#ffffff", "#111418"
CONTRAST = 3.0  # WCAG 2.1, 1.4.11: of what is no text
APART = 0.08  # in OKLab; 0.02 is just noticeable side by side

# G. Machado et al., "A physiologically-based model for simulation of color vision deficiency" (2009), complete.
SIGHT = {
    "usual": np.eye(3).tolist(),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_CONES = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
]
TO_OKLAB = [
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
]


def light(colour: str) -> NDArray[np.float64]:
    """Linear red, green and blue."""
    encoded = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(light(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


def seen(colour: str, sight: str) -> NDArray[np.float64]:
    """OKLab coordinates, as someone with this sight sees it."""
    found: NDArray[np.float64] = np.dot(
        TO_OKLAB, np.cbrt(np.dot(TO_CONES, np.clip(np.dot(SIGHT[sight], light(colour)), 0, 1)))
    )
    return found


def run_of(count: int) -> Run:
    return Run(check=CheckResult(runners=[info(f"runner{i}") for i in range(count)]))


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("background", [WHITE, NEAR_BLACK])
def test_each_colour_stands_out_from_both_backgrounds(colour: str, background: str) -> None:
    assert contrast(colour, background) >= CONTRAST


@pytest.mark.parametrize("sight", SIGHT)
def test_each_two_colours_differ_however_one_sees_colours(sight: str) -> None:
    near = {
        pair: float(np.linalg.norm(seen(pair[0], sight) - seen(pair[1], sight))) for pair in combinations(COLOURS, 2)
    }
    assert min(near.values()) >= APART, min(near, key=lambda pair: near[pair])


def test_fifty_six_runners_have_a_look_of_their_own() -> None:
    styles = palette(run_of(56)).values()
    assert len({(style.colour, style.shape) for style in styles}) == 56
    assert len({(style.colour, style.dash) for style in styles}) == 56


def test_the_first_seven_need_no_colour_to_be_told_apart() -> None:
    styles = palette(run_of(7)).values()
    assert len({style.shape for style in styles}) == len({style.dash for style in styles}) == 7


def test_runners_keep_their_order_and_the_control_is_none() -> None:
    assert list(palette(agreeing())) == ["python", "alpha", "beta:native"]


def test_names_are_as_they_are_shown() -> None:
    names = list(palette(hostile()))
    assert len(names) == 1 + len(NAMES)
    assert all(name.isprintable() for name in names)


def test_an_empty_run_has_no_runners() -> None:
    assert palette(Run()) == {}
