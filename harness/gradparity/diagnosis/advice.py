"""What to do about a known bug that may be meant, by its name."""

from __future__ import annotations

ADVICE = {
    "small elements": "if that is meant, declare it in the reference: accuracy={...}, a relative error of the array",
    "epsilon in the logarithm": "if that is meant, say so: epsilon in hello (after `gradparity new`: its setting)",
    "probabilities for logits": "if that is meant, declare it in hello: declares=predict=probabilities",
    "another activation": "a network that can be no other says so: `unsupported` (after `gradparity new`: supports)",
}
