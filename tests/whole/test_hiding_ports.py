"""Ports that hide: the right ones agree, the wrong ones do not, and no name is given that is not true."""

from __future__ import annotations

from typing import Any

import gradparity
import pytest
from gradparity.meta.faults.named import names_in
from hiding_ports import RIGHT, WRONG, Net, Truth


def of(port: type[Net]) -> Any:
    return gradparity.compare(port, cases="random-*")


@pytest.mark.parametrize("port", RIGHT)
def test_right_ones_agree(port: type[Net]) -> None:
    result = of(port)
    assert result, result.report()


@pytest.mark.parametrize(("port", "truth"), WRONG.items())
def test_wrong_ones_are_found_and_no_false_name_is_given(port: type[Net], truth: Truth) -> None:
    result = of(port)
    assert result.exit_code == 1, truth.said
    for one in names_in(result):
        assert one.name in truth.names, f"{truth.said}: {one}"
        if truth.constant is not None and one.constant is not None:
            assert one.constant == pytest.approx(truth.constant, rel=1e-3), f"{truth.said}: {one}"
