"""The network in PyTorch: eager mode, gradients by autograd.

Plain functions on tensors: at this size torch.nn's modules, which call the same ones, cost a tenth of a gradient.
"""

import os
import re
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "common"))
from peer import Array, Call, Network, Peer, available

with available("torch"):
    import torch
    import torch.nn.functional as F

ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid}


class TorchNetwork(Network):
    """Weights are (outputs, inputs), as in torch.nn.Linear."""

    def __init__(
        self, x: Array, labels: Array, weights: Sequence[Array], biases: Sequence[Array], activation: str
    ) -> None:
        self.x = copied(x)
        self.labels = torch.tensor(labels, dtype=torch.int64)
        self.affines = [
            (copied(W.T).requires_grad_(), copied(b).requires_grad_()) for W, b in zip(weights, biases, strict=True)
        ]
        self.params = list(chain.from_iterable(self.affines))
        self.activation = ACTIVATIONS[activation]

    def inputs(self) -> dict[str, Array]:
        return {"x": self.x.numpy()} | self.by_name("", self.params)

    def layer_inputs(self) -> list[torch.Tensor]:
        """Each affine layer's input in the forward pass."""
        inputs = [self.x]
        for W, b in self.affines[:-1]:
            inputs.append(self.activation(F.linear(inputs[-1], W, b)))
        return inputs

    def forward(self) -> torch.Tensor:
        """The logits, with what autograd keeps of their way."""
        return F.linear(self.layer_inputs()[-1], *self.affines[-1])

    def predict(self) -> torch.Tensor:
        with torch.inference_mode():
            return self.forward()

    def gradient(self) -> torch.Tensor:
        """The loss; each parameter holds its own gradient."""
        for p in self.params:
            p.grad = None
        loss = F.cross_entropy(self.forward(), self.labels)
        loss.backward()
        return loss

    def as_arrays(self, gradient: torch.Tensor) -> dict[str, Array]:
        return {"loss": gradient.detach().numpy()} | self.by_name("d", [p.grad for p in self.params])

    def by_name(self, prefix: str, tensors: Sequence[torch.Tensor]) -> dict[str, Array]:
        """W1, b1, W2, ... after the prefix, weights as (inputs, outputs)."""
        names = (f"{prefix}{kind}{i}" for i in range(1, len(self.affines) + 1) for kind in "Wb")
        return {name: tensor.detach().numpy().T for name, tensor in zip(names, tensors, strict=True)}

    def sgd_step(self, learning_rate: float) -> Call:
        optimizer = torch.optim.SGD(self.params, learning_rate, fused=True)

        def step() -> None:
            self.gradient()
            optimizer.step()

        return step

    def products(self, affines: tuple[int, ...]) -> Call:
        inputs = [x.detach() for x in self.layer_inputs()]
        layers = [(i, inputs[i - 1], self.affines[i - 1][0].detach()) for i in affines]

        def multiply() -> None:
            for i, x, W in layers:
                dout = F.linear(x, W)
                _ = dout.T @ x
                if i > 1:
                    _ = dout @ W

        return multiply


def copied(a: Array) -> torch.Tensor:
    """A contiguous copy."""
    return torch.tensor(np.ascontiguousarray(a))


def blas() -> str:
    """The library that multiplies matrices, as PyTorch's build tells it: "mkl 2024.2"."""
    build = torch.__config__.show()
    found = re.search(r"BLAS_INFO=(\w+)", build), re.search(r"Math Kernel Library Version ([\d.]+)", build)
    return " ".join(match[1] for match in found if match) or "unknown"


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    about = {
        "name": "torch",
        "version": f"PyTorch {torch.__version__}",
        "blas": blas(),
        "threads": torch.get_num_threads(),
    }
    Peer(TorchNetwork, about).serve()
