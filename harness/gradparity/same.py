"""One assertion for every test suite: is this the same computation? It needs no tolerance.

    gradparity.assert_same(my_function(x, W), reference, x, W)

``reference`` is any function in NumPy. It is run in stochastic arithmetic, which says how far rounding takes each of
its results on these very inputs; what differs by more is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arithmetic.envelope import Envelope, Function
from .arithmetic.explained import Explained, explained
from .arithmetic.precision import Array, Precision, is_floating
from .arithmetic.verdicts import RESOLVED, Verdict, identical, judge
from .functions.results import named_results
from .texts import subscript

COARSE = 64.0  # u: what can be seen in float16, where 1e-3 is one rounding
NUMBERED = "argument "
SEED = (20, 26)  # of the noise: the same in every run


class NotTheSame(AssertionError):
    """A result differs by more than rounding explains, or could not have shown an error of 1e-3."""


def assert_same(actual: Any, reference: Callable[..., Any], *inputs: Any, **named: Any) -> None:
    """Raise NotTheSame unless ``actual`` is what ``reference(*inputs, **named)`` gives, but for rounding.

    ``actual`` is an array, or a tuple, dict or dataclass of arrays, as the reference's result is: NumPy's, PyTorch's,
    JAX's, or whatever NumPy can read. Integers and booleans must be equal. The inputs are copied, and stay as they are.

    Raises TypeError where a result is complex, or is no array at all, and ValueError where the reference, called again,
    gives other numbers.
    """
    given = {str(i): one for i, one in enumerate(inputs)} | named
    arrays = {name: np.asarray(one) if isinstance(one, np.ndarray) else one for name, one in given.items()}

    def function(of: Mapping[str, Any]) -> dict[str, Any]:
        copies = {name: one.copy() if isinstance(one, np.ndarray) else one for name, one in of.items()}
        return named_results(
            reference(*(copies[str(i)] for i in range(len(inputs))), **{name: copies[name] for name in named})
        )

    expected = {name: array_of(one, f"the reference's {name}") for name, one in function(arrays).items()}
    came = {name: array_of(one, name) for name, one in named_results(actual).items()}
    if set(came) != set(expected):
        raise NotTheSame(f"expected the results {', '.join(expected)}, came {', '.join(came)}")
    problems = [what for name in expected if (what := _unlike(name, came[name], expected[name]))]
    floats = [name for name, one in expected.items() if is_floating(one.dtype)]
    if not problems and not all(identical(came[name], expected[name]) for name in floats):
        _demand_repeats(function(arrays), expected)
        coarsest = max((Precision.of(expected[name].dtype) for name in floats), key=lambda precision: precision.u)
        known = {name: one.astype(np.float32) if _is_bfloat16(one) else one for name, one in arrays.items()}
        found = explained(function, reference, known, coarsest, SEED)
        judged = (_judged(name, came[name], expected[name], found, arrays, function) for name in floats)
        problems = [what for what in judged if what]
    if problems:
        raise NotTheSame("\n".join(problems))


def _is_bfloat16(one: Any) -> bool:
    return isinstance(one, np.ndarray) and one.dtype.kind != "f" and is_floating(one.dtype)


def array_of(one: Any, name: str) -> Array:
    """As NumPy reads it, without a copy where that can be. Raises TypeError."""
    if hasattr(one, "detach"):
        one = one.detach()
    try:
        found = np.asarray(one)
    except Exception:
        found = np.from_dlpack(one)
    if not (is_floating(found.dtype) or found.dtype.kind in "iub") or found.dtype.itemsize > 8:
        advice = {
            "c": "is complex: give its real and its imaginary part",
            "f": "is wider than float64: round it to that",
        }
        what = advice.get(found.dtype.kind, "is no array of numbers")
        raise TypeError(f"{name} {what}; came {type(one).__name__} of {found.dtype}")
    return found


def _demand_repeats(again: Mapping[str, Any], expected: Mapping[str, Array]) -> None:
    for name, one in expected.items():
        if not identical(array_of(again[name], name), one):
            raise ValueError(f"the reference's {name} is another when it is called again: draw what is random before")


def _unlike(name: str, came: Array, expected: Array) -> str:
    """What is wrong with it whatever its numbers are; empty where nothing is."""
    if came.shape != expected.shape:
        return f"{name}: expected shape {expected.shape}, came {came.shape}"
    if is_floating(expected.dtype):
        return "" if came.dtype == expected.dtype else f"{name}: expected {expected.dtype}, came {came.dtype}"
    if is_floating(came.dtype) or not np.array_equal(came, expected):
        wrong = np.argwhere(np.asarray(came != expected))
        place = tuple(int(i) for i in wrong[0]) if len(wrong) else ()
        return f"{name}{subscript(place)} is {came[place]}, and should be {expected[place]}"
    return ""


def _judged(
    name: str, came: Array, expected: Array, found: Explained, inputs: Mapping[str, Any], function: Function
) -> str:
    """What is wrong with the numbers of one result; empty where rounding explains them."""
    envelope, lost = found.envelopes[name], found.lost
    allowance = envelope.allowance
    figures = judge(came, expected, allowance)
    seen = max(RESOLVED, COARSE * Precision.of(expected.dtype).u)
    if figures.verdict.passes or (figures.ratio <= 1 and (figures.resolution or np.inf) <= seen):
        return ""
    if figures.verdict is Verdict.UNRESOLVED:
        why = f"; and numbers left the noise: {', '.join(lost)}" if lost else ""
        return (
            f"{name}: unresolved: on these inputs rounding alone makes {figures.resolution or np.inf:.1g} of it, "
            f"so an error of {RESOLVED:g} could not be seen{why}. Try other inputs"
        )
    assert allowance.limit is not None
    with np.errstate(invalid="ignore"):
        place, wrong = figures.worst, int(np.count_nonzero(~(abs(came - expected) <= allowance.limit)))
    lines = [
        f"{name}{subscript(place)} is {came[place]}, and should be {expected[place]}: "
        f"rounding explains {allowance.limit[place]:.1g} there",
        f"  {wrong or 'none alone'} of {came.size} elements differ by more; {figures.ratio:.2g} times the limit",
    ]
    lines += [f"  {sentence}" for sentence in _known(name, came, expected, envelope, inputs, function)]
    lines += [f"  (the limit is a rougher one, as numbers left the noise: {', '.join(lost)})"] if lost else []
    return "\n".join(lines)


def _known(
    name: str, came: Array, expected: Array, envelope: Envelope, inputs: Mapping[str, Any], function: Function
) -> list[str]:
    """The known bugs that give these very numbers."""
    from .diagnosis.explain import explain  # the bugs, and all that they know of layers, where there is one to name
    from .diagnosis.precisions import of_reduced_inputs
    from .functions.evidence import Evidence, Subject

    def result(changed: Mapping[str, Array]) -> Array:
        return array_of(
            function({**inputs, **{key.removeprefix(NUMBERED): a for key, a in changed.items()}})[name], name
        )

    rows = next((len(one) for one in inputs.values() if isinstance(one, np.ndarray) and one.ndim), 1)
    columns = expected.shape[-1] if expected.ndim else 1
    known = {f"{NUMBERED}{key}" if key.isdigit() else key: one for key, one in inputs.items()}
    reduced = of_reduced_inputs(known, result)
    evidence = Evidence(
        Subject.FUNCTION, name, {}, expected, came, envelope.allowance, batch=rows, classes=columns, prepared=reduced
    )
    return [f"{fit.name}: {fit.sentence}" for fit in explain(evidence)[:1]]
