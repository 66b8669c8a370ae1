"""Would the suite notice? The reference itself with one small change plays the port; what survives is a blind spot."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict
from threadpoolctl import threadpool_limits

from ..arithmetic.verdicts import Verdict
from ..check.function_check import FunctionCheck
from ..check.question import decidable, shared_function_reference
from ..check.records import Cell
from ..errors import OptionError, UsageError
from ..functions.cases import FunctionSpec
from ..functions.function import Function
from ..functions.loading import ReferenceFile
from ..functions.mutated import load_changed, most_steps
from ..functions.mutations import Mutation, mutations, reached
from ..functions.steps import counted_steps
from ..objects.of_function import OneFunction
from ..ports.session import PortFailure

SEED = 0  # the only one that `check` has by default
PASSED = {Verdict.IDENTICAL, Verdict.ROUNDING, Verdict.UNRESOLVED}


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    EQUIVALENT = "equivalent here"  # the same bits in every case
    SURVIVED = "survived"  # it differs, and in no case by more than rounding explains


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="strings", allow_inf_nan=True)


class FunctionMutant(_Record):
    """A change, and what became of it: by which case, what was wrong there, and the known bug that this is.

    Of one that survived, the case and the ratio of its largest difference.
    """

    owner: str
    file: str
    line: int
    old: str
    new: str
    changed: str
    fate: Fate
    case: str = ""
    what: str = ""
    bug: str = ""
    ratio: float = 0.0


class FunctionMutants(_Record):
    """All of them; ``left_out`` are cases that say nothing."""

    mutants: list[FunctionMutant]
    left_out: list[str]

    def of(self, fate: Fate) -> list[FunctionMutant]:
        """Those with this fate."""
        return [one for one in self.mutants if one.fate is fate]

    @property
    def exit_code(self) -> int:
        """1 where one survived that does not do the same."""
        return 1 if self.of(Fate.SURVIVED) else 0


def run_function_mutants(
    reference: ReferenceFile,
    specs: Mapping[str, FunctionSpec],
    progress: Callable[[str, float, float], None] = lambda what, done, total: None,
) -> FunctionMutants:
    """Every mutant of the functions that these cases are of, on the cases of all that it is part of, small ones first.

    Stops at the first case that finds it. Raises UsageError where there is nothing to mutate, or no case says anything.
    """
    with threadpool_limits(1), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what mutants do
        decided, left_out = decidable(specs, [SEED], 1)
        of_cases = {spec.function.name: spec.function for spec in specs.values()}
        theater = _Theater.of(reference, of_cases)
        kept = []
        for spec in decided.values():
            if what := theater.control(spec):
                left_out.append(f"{spec.name}: the reference itself is not passed there: {what}")
            else:
                kept.append(spec)
        if not kept:
            raise OptionError("--case", ", ".join(specs), f"none of them can tell a mutant: {left_out[0]}")
        found = list(mutations(theater.source, set().union(*theater.parts.values())))
        if not found:
            raise UsageError(f"{reference.path}: nothing in {', '.join(of_cases)} that could be changed")
        ordered = sorted(kept, key=_elements)
        mutants = []
        for done, one in enumerate(found):
            progress(f"mutants of {one.owner}", done, len(found))
            mutants.append(
                theater.played(one, [spec for spec in ordered if one.owner in theater.parts[spec.function.name]])
            )
    return FunctionMutants(mutants=mutants, left_out=left_out)


def _elements(spec: FunctionSpec) -> int:
    return sum(int(np.prod(one.shape.at(spec.sizes))) for one in spec.function.inputs.values())


@dataclass(frozen=True)
class _Theater:
    """Where mutants of a file play. ``parts`` are the names in the file that each function is made of."""

    path: str
    shown: str
    module: str
    source: str
    parts: Mapping[str, set[str]]
    lines: int  # that are run to load it

    @staticmethod
    def of(reference: ReferenceFile, functions: Mapping[str, Function]) -> _Theater:
        path = reference.path.resolve()
        source = path.read_text(encoding="utf-8")
        module = next(iter(reference.functions.values())).reference.__module__
        parts = {name: reached(source, name) for name in functions}
        with counted_steps(str(path)) as usual:
            load_changed(module, str(path), source)
        return _Theater(str(path), str(reference.path), module, source, parts, usual.count)

    def played(self, mutation: Mutation, specs: list[FunctionSpec]) -> FunctionMutant:
        """What becomes of a mutant in these cases."""
        of = {name: getattr(mutation, name) for name in ("owner", "line", "old", "new", "changed")}
        of["file"] = self.shown
        try:
            with counted_steps(self.path, most_steps(self.lines)):
                functions = load_changed(self.module, self.path, mutation.source)
        except (Exception, SystemExit) as error:
            return FunctionMutant(
                **of, fate=Fate.KILLED, what=f"the file does not load: {type(error).__name__}: {error}"
            )
        fate, ratio, closest = Fate.EQUIVALENT, 0.0, ""
        for spec in specs:
            cells, bug = self._asked(spec, functions[spec.function.name])
            wrong = next((cell for cell in cells if cell.verdict not in PASSED), None)
            if wrong:
                return FunctionMutant(**of, fate=Fate.KILLED, case=spec.name, what=wrong.detail, bug=bug)
            if any(cell.verdict is not Verdict.IDENTICAL for cell in cells):
                largest = max(cell.ratio or 0.0 for cell in cells)
                fate, closest = Fate.SURVIVED, spec.name if largest >= ratio else closest
                ratio = max(ratio, largest)
        return FunctionMutant(**of, fate=fate, case=closest, ratio=ratio)

    def control(self, spec: FunctionSpec) -> str:
        """Whatever is found in the reference itself, which must be nothing."""
        cells, _ = self._asked(spec, spec.function)
        return next((cell.detail or cell.verdict for cell in cells if cell.verdict is not Verdict.IDENTICAL), "")

    def _asked(self, spec: FunctionSpec, mutant: Function) -> tuple[list[Cell], str]:
        """What a check says of a mutant that plays the port, and the known bug that explains it."""
        port = self._bounded(spec, mutant)
        session = OneFunction(mutant.name, spec.function, port)
        check = FunctionCheck(session, shared_function_reference(spec, SEED))
        try:
            check.run()
        except PortFailure as failure:
            raise AssertionError(f"an object has no process that could end: {failure}") from None
        told = [one for diagnosis in check.diagnoses for one in diagnosis.explanations]
        return check.cells, told[0].name if told else ""

    def _bounded(self, spec: FunctionSpec, mutant: Function) -> Callable[..., Any]:
        """The mutant, which may run some times the lines of the reference with these inputs; its floats in the case's
        dtype, as the reference's are.
        """
        reference = spec.function

        def port(*args: Any) -> Any:
            given = dict(zip(reference.inputs, args, strict=True))
            with counted_steps(self.path) as usual:
                reference.results({name: np.array(one)[()] for name, one in given.items()})
            with counted_steps(self.path, most_steps(usual.count)):
                found = {name: np.asarray(one) for name, one in mutant.results(given).items()}
            return {name: one.astype(spec.dtype) if one.dtype.kind == "f" else one for name, one in found.items()}

        return port
