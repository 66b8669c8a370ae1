"""What the tests of reports share: intervals from fewer resamples, as no word of a report hangs on their last digit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def _fewer_resamples() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradparity.bench.statistics.RESAMPLES", 200)
        yield
