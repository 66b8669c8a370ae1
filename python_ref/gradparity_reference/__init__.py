"""The reference: the layered network of "Deep Learning from Scratch" in plain NumPy.

A computation is a row of layers; each knows how to go ``forward`` and how to send a gradient ``backward`` (chapter 5 of
the book). The first example of the book, in layers: two apples at 100 each, and a tax of 10 %.

>>> from gradparity_reference import Multiply
>>> apples, tax = Multiply(), Multiply()
>>> price = tax.forward(apples.forward(100.0, 2.0), 1.1)
>>> round(price, 9)
220.0
>>> dapple_price, dtax = tax.backward(1.0)
>>> dapple, dnumber = apples.backward(dapple_price)
>>> dapple, dnumber, dtax
(2.2, 110.00000000000001, 200.0)

A penny more for an apple costs 2.2 pennies, an apple more 110, and a point more of tax 200.

>>> import numpy as np
>>> relu = Relu()
>>> relu.forward(np.array([[1.0, -0.5], [-2.0, 3.0]]))
array([[1., 0.],
       [0., 3.]])
"""

from .layers import (
    LAYERS,
    LOSS,
    LOSSES,
    Add,
    Affine,
    BatchNorm,
    Convolution,
    Dropout,
    Layer,
    MaxPooling,
    Multiply,
    Relu,
    Sigmoid,
    SoftmaxWithLoss,
    SquaredError,
    Tanh,
    layer_pass,
    slopes,
)
from .network import LayerSpec, MultiLayerNet, Network, dense, last_name
from .numerical import central_difference, complex_step
from .optimizers import OPTIMIZERS, SGD, AdaGrad, Adam, Momentum, Nesterov, Optimizer, RMSProp
from .timing import elapsed, product_operands, products
from .training import Images, evaluate, train

__all__ = [
    "LAYERS",
    "LOSS",
    "LOSSES",
    "OPTIMIZERS",
    "SGD",
    "AdaGrad",
    "Adam",
    "Add",
    "Affine",
    "BatchNorm",
    "Convolution",
    "Dropout",
    "Images",
    "Layer",
    "LayerSpec",
    "MaxPooling",
    "Momentum",
    "MultiLayerNet",
    "Multiply",
    "Nesterov",
    "Network",
    "Optimizer",
    "RMSProp",
    "Relu",
    "Sigmoid",
    "SoftmaxWithLoss",
    "SquaredError",
    "Tanh",
    "central_difference",
    "complex_step",
    "dense",
    "elapsed",
    "evaluate",
    "last_name",
    "layer_pass",
    "product_operands",
    "products",
    "slopes",
    "train",
]
