"""The network in PyTorch: eager mode, gradients by autograd.

Plain functions on tensors: at this size torch.nn's modules, which call the same ones, cost a tenth of a gradient.
"""

import os
import re
import sys
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "common"))
from peer import Array, Call, Held, Layout, Network, Peer, available

with available("torch"):
    import torch
    from torch_layers import LAYERS, LOSSES, operands


class TorchNetwork(Network):
    """What is learnt are autograd's leaves; weights of affine layers are (outputs, inputs), as in torch.nn.Linear."""

    def __init__(self, layout: Layout, x: Array, labels: Array, params: Held, fixed: Held) -> None:
        self.x = copied(x)
        self.labels = torch.tensor(labels, dtype=torch.int64)
        self.layers = [(LAYERS[layer.kind], dict(layer.numbers)) for layer in layout.layers]
        self.layout, self.loss = layout, LOSSES[layout.loss]
        self.learnt = [{name: copied(turned(name, p)).requires_grad_() for name, p in own.items()} for own in params]
        self.params = [p for own in self.learnt for p in own.values()]
        self.weights = [own["W"] for own in self.learnt if "W" in own]
        self.held = [
            learnt | {name: copied(a) for name, a in own.items()}
            for learnt, own in zip(self.learnt, fixed, strict=True)
        ]

    def inputs(self) -> tuple[Array, Held]:
        return self.x.numpy(), as_held(self.held)

    def forward(self, training: bool) -> list[torch.Tensor]:
        """What each layer is given, with what autograd keeps of its way, and at the end the logits."""
        inputs = [self.x]
        for (layer, numbers), held in zip(self.layers, self.held, strict=True):
            inputs.append(layer(inputs[-1], held, training, **numbers))
        return inputs

    def predict(self) -> torch.Tensor:
        with torch.inference_mode():
            return self.forward(training=False)[-1]

    def gradient(self) -> torch.Tensor:
        """The loss; each parameter holds its own gradient."""
        for p in self.params:
            p.grad = None
        loss = self.loss(self.forward(training=True)[-1], self.labels)
        if self.layout.weight_decay:
            loss = loss + self.layout.weight_decay / 2 * sum(W.square().sum() for W in self.weights)
        loss.backward()
        return loss

    def as_arrays(self, gradient: torch.Tensor) -> tuple[Array, Held]:
        gradients = [{name: p.grad for name, p in own.items()} for own in self.learnt]
        return gradient.detach().numpy(), as_held(gradients)

    def sgd_step(self, learning_rate: float) -> Call:
        optimizer = torch.optim.SGD(self.params, learning_rate, fused=True)

        def step() -> None:
            self.gradient()
            optimizer.step()

        return step

    def products(self, places: tuple[int, ...]) -> Call:
        with torch.no_grad():
            inputs = self.forward(training=False)
            layers = [
                (
                    not any(self.learnt[:place]),
                    *operands(layer.kind, inputs[place], self.learnt[place]["W"].detach(), dict(layer.numbers)),
                )
                for place, layer in enumerate(self.layout.layers)
                if place in places
            ]

        def multiply() -> None:
            for first, x, W in layers:
                dout = x @ W.T
                _ = dout.T @ x
                if not first:
                    _ = dout @ W

        return multiply


def turned(name: str, a: Array) -> Array:
    """Weights of an affine layer as PyTorch has them, or back again; anything else as it is."""
    return a.T if name == "W" and a.ndim == 2 else a


def as_held(held: list[dict[str, torch.Tensor]]) -> Held:
    """In the reference's form."""
    return [{name: turned(name, a.detach().numpy()) for name, a in own.items()} for own in held]


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
