"""How much of an array is wrong, in words: in one case, and what is alike in most of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ..diagnosis.extent import blocks_of
from ..diagnosis.records import Extent
from ..texts import subscript

RANGE = 3  # places: more in a row are told as from here to there
AXES = {0: ("row", "rows"), 1: ("column", "columns")}


@dataclass(frozen=True)
class Region:
    """What the wrong elements of arrays of several sizes may have in common, and how plainly it says something."""

    words: str
    rank: int


ALL = Region("all of it", 3)
BORDER = Region("all at the border", 2)


def extent_words(extent: Extent) -> str:
    """How much of the array is wrong."""
    if extent.wrong == extent.size:
        return "all of it" if extent.size > 1 else "its one number"
    text = f"{extent.wrong} of {extent.size} elements"
    if extent.index:
        text += f", {subscript(extent.index)}"
    if extent.axis is None:
        return text + (", all at the border" if extent.border else "")
    told = f"{_along(extent.axis, extent.places)} of {extent.length}"
    if extent.block:
        return f"{text}, in {told}: past the last multiple of {extent.block}"
    return f"{text}, in {told}{', the last' if _is_last(extent) else ''}"


def common_extent(extents: Sequence[Extent]) -> tuple[str, int]:
    """What most of these have in common, and how many do; nothing where it is nothing, or there is but one."""
    counts = Counter(region for one in extents for region in _regions(one))
    region, count = max(counts.items(), key=lambda pair: (pair[1], pair[0].rank), default=(None, 0))
    return (region.words, count) if region and len(extents) > 1 and 2 * count > len(extents) else ("", 0)


def _regions(extent: Extent) -> set[Region]:
    if extent.wrong == extent.size:
        return {ALL}
    found = {Region(f"one element, {subscript(extent.index)}", 1)} if extent.index else set()
    if extent.axis is None:
        return found | ({BORDER} if extent.border else set())
    one, many = AXES.get(extent.axis, (f"index of axis {extent.axis}", f"indices of axis {extent.axis}"))
    found.add(Region(_along(extent.axis, extent.places), 5))
    if extent.block:
        blocks = blocks_of(extent.places[0], extent.length)
        found |= {Region(f"the {many} past the last multiple of {block}", 10 + block) for block in blocks}
    if _is_last(extent):
        number = len(extent.places)
        found.add(Region(f"the last {one}" if number == 1 else f"the last {number} {many}", 4))
    return found


def _is_last(extent: Extent) -> bool:
    return extent.places == [*range(extent.length - len(extent.places), extent.length)]


def _along(axis: int, places: Sequence[int]) -> str:
    one, many = AXES.get(axis, (f"index of axis {axis}", f"indices of axis {axis}"))
    if len(places) > RANGE and [*places] == [*range(places[0], places[-1] + 1)]:
        return f"{many} {places[0]} to {places[-1]}"
    return f"{many if len(places) > 1 else one} {', '.join(map(str, places))}"
