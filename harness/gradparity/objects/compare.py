"""`gradparity.compare`: a check whose port is a Python object."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..cases import CaseSpec
from ..check.options import Options
from ..check.question import Spec
from ..check.records import CaseResult
from ..check.run import RunnerCheck
from ..functions.declared import Declared
from ..functions.layers import ACTIVATIONS
from ..ports.info import RunnerInfo, State
from .advice import COPIES, advised
from .again import Again
from .comparison import Comparison
from .handed import LAYOUTS, Layout
from .implementation import implementation_of
from .in_process import InProcess
from .layers import Layers, checked_layers
from .networks import Loss
from .of_function import compare_function
from .optimizers import Optimizers, checked_optimizers, compare_optimizers
from .parameters import is_module
from .runner import object_runner
from .selection import Cases, cases_of, chosen_cases, chosen_seeds
from .taking import called

NAME = re.compile(r"[a-z][a-z0-9_-]*")


def compare(
    port: Any = None,
    *,
    name: str = "",
    cases: Cases = (),
    dtypes: str | Iterable[str] = (),
    seeds: int | Iterable[int] = 0,
    activation: str = "relu",
    epsilon: float = 0.0,
    layout: Layout | None = None,
    loss: Loss | None = None,
    layers: Layers | None = None,
    optimizers: Optimizers | None = None,
    data_dir: str | Path | None = None,
    declares: str | Mapping[str, Any] | Iterable[str] = (),
    strict: bool = False,
    reference: Any = None,
) -> Comparison:
    """Compare a Python object with the reference: what `gradparity check` does with a process.

    With ``reference``, a function that is declared with `gradparity.function`, ``port`` is a function that takes the
    same arguments by position, and gives its results by name, or in the same order: Python's, or one that juliacall or
    rpy2 has made callable. Of the other options, ``name``, ``cases``, ``dtypes``, ``seeds`` and ``strict`` are meant
    then.

    Without it, gradients are compared with the layered network's. ``port`` is one of

    * a class, or a function that makes a network. It takes any of ``sizes``, ``weights``, ``biases``, ``params``
      (a dict of W1, b1, W2, ...), ``activation``, ``dtype`` and ``epsilon``, by name. What it does not take it has one
      of, and cases with others are *not implemented*. Its network has ``gradient(x, t)``, which gives a dict of
      gradients by the parameter's name, or (loss, dict); and ``loss(x, t)``, ``predict(x)``, ``accuracy(x, t)``,
      ``trace(x, t)``, ``numerical_gradient(x, t, step)`` where it has them;
    * a function ``gradient(x, t, params)``, or with any of these names after x and t, which gives (loss, dict);
    * a network with ``gradient`` and a dict ``params``, into whose arrays the cases' parameters are written;
    * a torch.nn.Module, whose parameters are a weight and a bias for each layer; it needs ``layout`` and ``loss``.

    A network or module is copied first, and stays as it is.

    ``cases`` are names, patterns (*), .toml files or CaseSpecs: by default the suite, with MNIST where it is here,
    and of a network or module cases of its own sizes and dtype. ``dtypes`` keeps the cases of these. ``activation``
    is the one of a port that does not take it; of one that does, one that it has beside relu and sigmoid.
    ``epsilon`` is that of a port that does not take it, in ``-mean(log(p + epsilon))``: 1e-7 in the book.
    ``layout`` is "in_out" where a weight is (inputs, outputs), as in the book and by default, and "out_in" as in
    torch.nn.Linear. ``loss(logits, labels)`` is for modules. ``layers`` are classes with ``forward`` and
    ``backward`` by their kind ("affine", "relu", ...), to be asked alone. ``optimizers`` are classes with
    ``update(params, grads)`` by their name ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"), or functions
    of the learning rate that make one: some updates of each are compared with its formula, and ``port`` may be left
    out. ``data_dir`` is the folder of the four MNIST files. ``declares`` is what the port does on purpose otherwise,
    such as ``{"log_base": 10, "flush_denormals": True}``: docs/verdicts.md has the list. Then that is what is checked.
    ``strict``: a port whose numbers are right disagrees, too, if it changes its arguments, or is accurate by norm and
    not by element.

    The code runs here, without a time limit; its exceptions become *could not run*, with the end of its traceback.
    Raises TypeError and ValueError for what cannot be compared, DataMissing where an MNIST case has no data.
    """
    if reference is not None:
        return compare_function(port, reference, _label(name, port), cases, dtypes, seeds, strict)  # type: ignore[arg-type]
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation: expected one of {', '.join(ACTIVATIONS)}, came {activation!r}")
    if layout not in (None, *LAYOUTS):
        raise ValueError(f"layout: expected {' or '.join(LAYOUTS)}, came {layout!r}")
    if not isinstance(epsilon, Real) or not 0 <= float(epsilon) < math.inf:
        raise ValueError(f"epsilon: expected a number such as 1e-7, not below 0, came {epsilon!r}")
    if loss is not None and not callable(loss):
        raise ValueError(f"loss: expected a function of logits and labels, came {loss!r}")
    checked_layers(layers)
    checked_optimizers(optimizers)
    try:
        declared = Declared.of(declares)
    except ValueError as error:
        raise ValueError(f"declares: {error}") from None
    if port is None and optimizers:
        suite = chosen_cases((), dtypes).values()
        return _optimizers_alone(_label(name or "optimizers", None), optimizers, _dtypes(suite))
    implementation = implementation_of(port, activation, loss)
    network = implementation.network
    if loss is not None or is_module(network):
        _demand(layout, "layout: a module needs one, 'out_in' for torch.nn.Linear, 'in_out' for (inputs, outputs)")
        _demand(loss, "loss: a module needs one, such as torch.nn.functional.cross_entropy")
    weights_are = layout or "in_out"
    own = cases_of(network, activation, weights_are) if network is not None else []
    folder = None if data_dir is None else Path(data_dir)
    specs, numbers = chosen_cases(cases or own, dtypes, folder), chosen_seeds(seeds)

    label = _label(name, port)
    conversation = InProcess(label, implementation, weights_are, float(epsilon), layers or {}, declared)
    check = ObjectCheck(conversation, folder)
    given = {"name": name, "activation": activation, "epsilon": float(epsilon), "layout": layout, "loss": loss}
    given |= {"layers": layers, "optimizers": optimizers, "data_dir": data_dir}
    again = Again(port, given | {"declares": ",".join(declared.texts), "strict": strict})
    with threadpool_limits(1), np.errstate(all="ignore"):  # as behind a pipe; the port's errstate stays its own
        info = check.start()
        found = [check.case(specs[option], seed, again.of(option, seed)) for option in specs for seed in numbers]
    found += compare_optimizers(info.runner, optimizers or {}, _dtypes(specs.values()))
    return Comparison(command=again.all, required=[info.runner], runners=[info], cases=found, strict=strict)


def _optimizers_alone(label: str, optimizers: Optimizers, dtypes: Iterable[str]) -> Comparison:
    """Without a network beside them."""
    runner = object_runner(label).label
    version = f"{platform.python_version()} (NumPy {np.__version__})"
    info = RunnerInfo(runner=runner, port=label, language="Python", state=State.READY, version=version)
    found = compare_optimizers(runner, optimizers, dtypes)
    return Comparison(command="gradparity.compare(optimizers=<yours>)", required=[runner], runners=[info], cases=found)


class ObjectCheck(RunnerCheck):
    """A runner's check, but for whom it talks to: nothing is built, and no process is started."""

    def __init__(self, conversation: InProcess, data_dir: Path | None) -> None:
        super().__init__(object_runner(conversation.label), Options(data_dir=data_dir), lambda: conversation)
        self.conversation = conversation

    def case(self, spec: Spec, seed: int, command: str, option: str = "") -> CaseResult:
        """The result of one case, with advice for who calls `compare`."""
        found = super().case(spec, seed, command, option)
        diagnoses = [advised(one) for one in found.diagnoses]
        if diagnoses and self.conversation.computes_with_others():
            diagnoses = [diagnoses[0].model_copy(update={"explanations": [COPIES], "also": []})]
        return found.model_copy(update={"diagnoses": diagnoses})


def _dtypes(specs: Iterable[CaseSpec]) -> list[str]:
    return list(dict.fromkeys(spec.dtype for spec in specs))


def _label(name: str, port: Any) -> str:
    """What tables call it: as a port is named, so in lower case."""
    own = "" if called(port) == "<lambda>" else re.sub(r"[^a-z0-9]+", "-", called(port).lower())
    label = name or own.lstrip("-0123456789").rstrip("-") or "port"
    if not isinstance(label, str) or not NAME.fullmatch(label):
        raise ValueError(f"name: expected a lower-case letter, then letters, digits, - and _, came {label!r}")
    return label


def _demand(value: object, otherwise: str) -> None:
    if value is None:
        raise ValueError(otherwise)
