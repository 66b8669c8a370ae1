"""The share of correct labels."""

from __future__ import annotations

import numpy as np

from ...functions.evidence import Bugs, Candidates, Evidence, Subject

bug = Bugs()


@bug("argmax from 0", kinds=(Subject.ACCURACY,))
def _from_zero(e: Evidence) -> Candidates:
    out = e.inputs["out"]
    above = (out > 0).any(axis=1)
    for found in (-1, 0):
        hits = (np.where(above, out.argmax(axis=1), found) == e.inputs["t"]).mean()
        yield "the largest logit is searched from 0 on: where all are negative, none is found", np.asarray(hits)


@bug("last of a tie", kinds=(Subject.ACCURACY,))
def _last(e: Evidence) -> Candidates:
    out = e.inputs["out"]
    hits = (out.shape[1] - 1 - out[:, ::-1].argmax(axis=1) == e.inputs["t"]).mean()
    yield "the last of equal logits is taken, for the first", np.asarray(hits)


@bug("NaN left out", kinds=(Subject.ACCURACY,))
def _without_nan(e: Evidence) -> Candidates:
    out = e.inputs["out"]
    hits = (np.where(np.isnan(out), -np.inf, out).argmax(axis=1) == e.inputs["t"]).mean()
    yield "logits that are NaN are left out: the first NaN counts as the largest", np.asarray(hits)


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
