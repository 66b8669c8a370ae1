"""Seven functions that people port: each is its own definition in NumPy, as a textbook has it."""

import numpy as np
from gradparity import drawn, function, positive


def covariance(rng, shape):
    """A random symmetric positive definite matrix."""
    a = rng.normal(size=shape)
    return a @ a.T / len(a) + np.eye(len(a))


@function(
    x="n", P=drawn("n n", covariance), F="n n", H="m n", Q=drawn("n n", covariance), R=drawn("m m", covariance), z="m",
    sizes={"n": range(1, 200), "m": range(1, 200)},
)  # fmt: skip
def kalman_step(x, P, F, H, Q, R, z):
    """One step of a Kalman filter: the prediction, the gain, and the state and covariance after z was measured."""
    x = F @ x
    P = F @ P @ F.T + Q
    S = H @ P @ H.T + R
    K = np.linalg.solve(S, H @ P).T
    x = x + K @ (z - H @ x)
    P = (np.eye(len(x)) - K @ H) @ P
    return {"gain": K, "state": x, "covariance": P}


@function(X="n d", y="n", w="d", penalty=positive(), gradients={"dw": ("loss", "w")})
def ridge(X, y, w, penalty):
    """The loss of ridge regression, |y - X w|^2 / n + penalty |w|^2, and its gradient."""
    r = X @ w - y
    loss = r @ r / len(y) + penalty * (w @ w)
    return {"loss": loss, "dw": 2 * (X.T @ r) / len(y) + 2 * penalty * w}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@function(
    x="n d", h="n k", c="n k", W="d 4*k", U="k 4*k", b="4*k", dh="n k", dc="n k",
    sizes={"d": range(1, 500), "k": range(1, 200)},
    gradients={"dx": ("loss", "x"), "dW": ("loss", "W"), "dU": ("loss", "U"), "db": ("loss", "b")},
)  # fmt: skip
def lstm_cell(x, h, c, W, U, b, dh, dc):
    """An LSTM cell (input, forget and output gate, candidate), and its backward pass for the gradients dh and dc."""
    i, f, o, g = np.split(x @ W + h @ U + b, 4, axis=1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c_next = f * c + i * g
    t = np.tanh(c_next)
    h_next = o * t

    ds = dc + dh * o * (1 - t * t)
    da = np.concatenate(
        [ds * g * i * (1 - i), ds * c * f * (1 - f), dh * t * o * (1 - o), ds * i * (1 - g * g)], axis=1
    )
    return {
        "c_next": c_next, "h_next": h_next, "loss": np.sum(h_next * dh) + np.sum(c_next * dc),
        "dx": da @ W.T, "dW": x.T @ da, "dU": h.T @ da, "db": da.sum(axis=0),
    }  # fmt: skip


def windows(x, size):
    """Each (size, size) window of the last two axes: (..., rows, columns, size, size)."""
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(-2, -1))


@function(
    x="n c h+2 w+2", W="f c 3 3", gamma="f", beta="f", dout="n f h w",
    sizes={"c": range(1, 100), "f": range(1, 100), "h": range(2, 70), "w": range(2, 70), "n": range(2, 400)},
    gradients={"dW": ("loss", "W"), "dgamma": ("loss", "gamma"), "dbeta": ("loss", "beta")},
)  # fmt: skip
def normalized_convolution(x, W, gamma, beta, dout):
    """A convolution with 3 x 3 kernels, batch normalization of each channel, and the backward pass for dout."""
    patches = windows(x, 3)
    z = np.einsum("nchwij,fcij->nfhw", patches, W)
    axes, count = (0, 2, 3), z.size // z.shape[1]
    centered = z - z.mean(axis=axes, keepdims=True)
    deviation = np.sqrt(np.mean(centered**2, axis=axes, keepdims=True) + 1e-5)
    y = centered / deviation
    out = gamma[:, None, None] * y + beta[:, None, None]

    dgamma, dbeta = np.sum(dout * y, axis=axes), np.sum(dout, axis=axes)
    dy = dout * gamma[:, None, None]
    means = np.sum(dy, axis=axes, keepdims=True) / count + y * np.sum(dy * y, axis=axes, keepdims=True) / count
    dz = (dy - means) / deviation
    return {
        "out": out, "loss": np.sum(out * dout), "dgamma": dgamma, "dbeta": dbeta,
        "dW": np.einsum("nchwij,nfhw->fcij", patches, dz),
    }  # fmt: skip


def weights(rng, shape):
    """Random weights that keep the scale of what they are multiplied with."""
    return rng.normal(size=shape) / np.sqrt(shape[0])


@function(
    x="t d", Q=drawn("d k", weights), K=drawn("d k", weights), V="d k", dout="t k",
    sizes={"t": range(1, 301), "d": range(1, 301)},
    gradients={"dQ": ("loss", "Q"), "dK": ("loss", "K"), "dV": ("loss", "V")},
)  # fmt: skip
def attention(x, Q, K, V, dout):
    """A head of self-attention, softmax(q k^T / sqrt(size)) v, and its backward pass for dout."""
    q, k, v = x @ Q, x @ K, x @ V
    scale = np.sqrt(k.shape[1]).astype(x.dtype)
    scores = q @ k.T / scale
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    share = e / e.sum(axis=1, keepdims=True)
    out = share @ v

    dshare = dout @ v.T
    dscores = share * (dshare - np.sum(dshare * share, axis=1, keepdims=True)) / scale
    return {
        "weights": share, "out": out, "loss": np.sum(out * dout),
        "dQ": x.T @ (dscores @ k), "dK": x.T @ (dscores.T @ q), "dV": x.T @ (share.T @ dout),
    }  # fmt: skip


@function(x="n")
def fourier(x):
    """The discrete Fourier transform by its definition, sum of x[j] exp(-2 pi i j k / n)."""
    k = np.arange(len(x))
    angle = -2 * np.pi * (np.outer(k, k) % len(x)) / len(x)
    return {"real": np.cos(angle).astype(x.dtype) @ x, "imaginary": np.sin(angle).astype(x.dtype) @ x}


@function(points="m", data="n", bandwidth=positive())
def density(points, data, bandwidth):
    """A Gaussian kernel density estimate at each point."""
    u = (points[:, None] - data) / bandwidth
    return {"density": np.exp(-(u**2) / 2).sum(axis=1) / (len(data) * bandwidth * np.sqrt(2 * np.pi))}
