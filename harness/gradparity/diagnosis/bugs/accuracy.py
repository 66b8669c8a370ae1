"""The share of correct labels."""

from __future__ import annotations

import numpy as np

from ...functions.evidence import Bugs, Candidates, Evidence, Subject

bug = Bugs()


@bug("labels compared as a whole", kinds=(Subject.ACCURACY,))
def _whole_arrays(e: Evidence) -> Candidates:
    whole = float(float(e.expected) == 1)
    for value in (whole, whole / e.batch):
        yield "whole arrays of labels are compared, where elements are meant", np.asarray(value)


@bug("labels shifted", kinds=(Subject.ACCURACY,))
def _accuracy_shifted(e: Evidence) -> Candidates:
    for shift in (1, -1):
        hits = (e.inputs["out"].argmax(axis=1) == e.inputs["t"] + shift).mean()
        yield f"labels are off by one ({shift:+d}): counted from 0 and from 1", np.asarray(hits)


@bug("smallest for largest", kinds=(Subject.ACCURACY,))
def _smallest(e: Evidence) -> Candidates:
    hits = (e.inputs["out"].argmin(axis=1) == e.inputs["t"]).mean()
    yield "the smallest logit is taken for the largest", np.asarray(hits)
