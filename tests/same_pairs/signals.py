"""Filters, transforms and splines."""

from __future__ import annotations

from functools import partial

import numpy as np
import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.ndimage
import scipy.signal

from .pair import Array, Pair


# SciPy pull request 5608 and astropy pull request 7265, convolution by FFT beside the direct one.
def convolution(a: Array, b: Array) -> Array:
    """By the FFT, whose error is that of the largest element: what such an implementation can be asked for."""
    n = len(a) + len(b) - 1
    return np.fft.irfft(np.fft.rfft(a, n) * np.fft.rfft(b, n), n)


def convolution_padded_short(a: Array, b: Array) -> Array:
    """One sample too few for the FFT, whose last one lands on the first."""
    n = len(a) + len(b) - 2
    found = np.fft.irfft(np.fft.rfft(a, n) * np.fft.rfft(b, n), n)
    return np.append(found, a[-1] * b[-1])


# SciPy issue 3412, tolerances of filter tests.
def biquads(sos: Array, x: Array) -> Array:
    """Difference equations in a row; sections as b0, b1, b2, 1, a1, a2. x: (steps, channels)."""
    for b0, b1, b2, _, a1, a2 in sos:
        y = np.zeros((len(x) + 2, x.shape[1]))
        padded = np.concatenate([np.zeros((2, x.shape[1])), x])
        for t in range(2, len(y)):
            y[t] = b0 * padded[t] + b1 * padded[t - 1] + b2 * padded[t - 2] - a1 * y[t - 1] - a2 * y[t - 2]
        x = y[2:]
    return x


# SciPy issues 9091 and 9203, the coefficients of a cubic B-spline.
def spline_coefficients(x: Array) -> Array:
    """The system of equations, mirrored at both ends."""
    n = len(x)
    a = (4 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)) / 6
    a[0, 1] = a[-1, -2] = 2 / 6
    return np.linalg.solve(a, x)


def spline_coefficients_by_filter(x: Array, horizon: int = 10**9) -> Array:
    """A filter forwards, and one backwards. Where it starts is an infinite sum, taken as far as a horizon."""
    pole, n = np.sqrt(3) - 2, len(x)
    mirrored = np.concatenate([x, x[-2:0:-1]])[:horizon]
    c = 6 * x
    c[0] = 6 * (mirrored @ pole ** np.arange(len(mirrored)))
    c[0] /= 1 - pole ** (2 * n - 2) if len(mirrored) == 2 * n - 2 else 1
    for i in range(1, n):
        c[i] += pole * c[i - 1]
    c[-1] = pole / (pole**2 - 1) * (c[-1] + pole * c[-2])
    for i in range(n - 2, -1, -1):
        c[i] = pole * (c[i + 1] - c[i])
    return c


# SciPy issue 9248, TestCubicSpline.test_general.
def cubic_spline(x: Array, y: Array, at: Array) -> Array:
    """Hermite's form, with slopes of the equations for "not a knot"."""
    h, d, n = x[1:] - x[:-1], (y[1:] - y[:-1]) / (x[1:] - x[:-1]), len(x)
    a, b = np.zeros((n, n)), np.zeros(n)
    for i in range(1, n - 1):
        a[i, i - 1], a[i, i], a[i, i + 1] = h[i], 2 * (h[i - 1] + h[i]), h[i - 1]
        b[i] = 3 * (h[i] * d[i - 1] + h[i - 1] * d[i])
    a[0, 0], a[0, 1] = h[1], h[0] + h[1]
    b[0] = ((h[0] + 2 * (h[0] + h[1])) * h[1] * d[0] + h[0] ** 2 * d[1]) / (h[0] + h[1])
    a[-1, -1], a[-1, -2] = h[-2], h[-1] + h[-2]
    b[-1] = (h[-1] ** 2 * d[-2] + (2 * (h[-1] + h[-2]) + h[-1]) * h[-2] * d[-1]) / (h[-1] + h[-2])
    s = np.linalg.solve(a, b)
    k = np.clip(np.searchsorted(x, at) - 1, 0, n - 2)
    t = (at - x[k]) / h[k]
    curve = (1 + 2 * t) * (1 - t) ** 2 * y[k] + t**2 * (3 - 2 * t) * y[k + 1]
    return curve + h[k] * (t * (1 - t) ** 2 * s[k] + t**2 * (t - 1) * s[k + 1])


# astropy pull request 4811, implementations of the Lomb-Scargle periodogram side by side.
def lomb_scargle(t: Array, y: Array, omegas: Array) -> Array:
    """How much of y a sine and a cosine explain: least squares at each frequency."""
    found = np.zeros(len(omegas))
    for k, omega in enumerate(omegas):
        a = np.stack([np.cos(omega * t), np.sin(omega * t)], axis=1)
        found[k] = y @ a @ np.linalg.solve(a.T @ a, a.T @ y) / (y @ y)
    return found


def lomb_scargle_by_phase(t: Array, y: Array, omegas: Array, double: float = 2.0) -> Array:
    """Scargle's: a phase in which both are orthogonal."""
    tau = np.arctan2(np.sin(double * np.outer(omegas, t)).sum(1), np.cos(double * np.outer(omegas, t)).sum(1)) / double
    angle = np.outer(omegas, t) - tau[:, None]
    c, s = np.cos(angle), np.sin(angle)
    return ((c @ y) ** 2 / (c**2).sum(1) + (s @ y) ** 2 / (s**2).sum(1)) / (y @ y)


# JAX issue 23895, an idct that was single precision inside, and passed its tests.
def idct(c: Array) -> Array:
    """Its definition, orthonormal, of type 2."""
    n = len(c)
    k = np.arange(n)
    basis = np.cos(np.pi * np.outer(2 * np.arange(n) + 1, k) / (2 * n)) * np.sqrt(2 / n)
    basis[:, 0] = 1 / np.sqrt(n)
    return basis @ c


# torchaudio pull request 228, compared with Kaldi's; librosa pull request 682.
def cepstrum(x: Array, bank: Array, offset: float = 0.0) -> Array:
    """Power spectra of frames, a bank of filters, logarithms, a cosine transform. x: (frames, samples)."""
    n = x.shape[1]
    windowed = x * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n))
    angle = 2 * np.pi * np.outer(np.arange(n), np.arange(n // 2 + 1)) / n
    power = (windowed @ np.cos(angle)) ** 2 + (windowed @ np.sin(angle)) ** 2
    log = np.log(power @ bank + offset)
    m = bank.shape[1]
    return log @ np.cos(np.pi * np.outer(2 * np.arange(m) + 1, np.arange(m)) / (2 * m))


def cepstrum_by_fft(x: Array, bank: Array) -> Array:
    """By SciPy's transforms."""
    spectrum = scipy.fft.rfft(x * scipy.signal.get_window("hann", x.shape[1]), axis=1)
    return scipy.fft.dct(np.log(np.square(abs(spectrum)) @ bank), axis=1) / 2


# statsmodels issue 1187, acovf with fft=True.
def autocovariance(x: Array) -> Array:
    """A product for each lag, over as many terms."""
    n, centred = len(x), x - x.mean()
    return np.array([centred[: n - k] @ centred[k:] / (n - k) for k in range(n // 2)])


def autocovariance_by_fft(x: Array, biased: bool = False) -> Array:
    """By the power spectrum."""
    n = len(x)
    spectrum = np.fft.rfft(x - x.mean(), 2 * n)
    sums = np.fft.irfft(abs(spectrum) ** 2)[: n // 2]
    return sums / (n if biased else n - np.arange(n // 2))


# scikit-image issue 3942, another SSIM than its authors'.
def similarity(a: Array, b: Array, size: int, sample: bool = False) -> Array:
    """In each window: means, and variances and the covariance by mean squares, as its authors do."""
    p, q = (np.lib.stride_tricks.sliding_window_view(one, (size, size)) for one in (a, b))
    u, v, aa, bb, ab = (one.mean(axis=(-2, -1)) for one in (p, q, p * p, q * q, p * q))
    n = size * size
    f = n / (n - 1) if sample else 1
    c1, c2 = 0.01**2, 0.03**2
    return (2 * u * v + c1) * (2 * f * (ab - u * v) + c2) / ((u**2 + v**2 + c1) * (f * (aa - u**2 + bb - v**2) + c2))


def similarity_by_filter(a: Array, b: Array, size: int) -> Array:
    """A uniform filter of products, less the product of means."""
    u, v, aa, bb, ab = (scipy.ndimage.uniform_filter(one, size) for one in (a, b, a * a, b * b, a * b))
    inner = slice(size // 2, -(size // 2))
    numerator = (2 * u * v + 0.01**2) * (2 * (ab - u * v) + 0.03**2)
    return (numerator / ((u * u + v * v + 0.01**2) * (aa - u * u + bb - v * v + 0.03**2)))[inner, inner]


# SciPy pull request 22408, cumulative_simpson beside simpson.
def cumulative_simpson(y: Array, dx: float) -> Array:
    """A parabola for each two intervals, in either. y: an odd number of them."""
    a, b, c = y[:-2:2], y[1:-1:2], y[2::2]
    parts = np.stack([1.25 * a + 2 * b - c / 4, 1.25 * c + 2 * b - a / 4], axis=1)
    return np.cumsum(dx / 3 * parts.reshape(-1))


def _image(g: np.random.Generator) -> Array:
    return scipy.ndimage.uniform_filter(g.random((16, 18)), 3)


def _spline(g: np.random.Generator) -> tuple[Array, ...]:
    x = np.cumsum(0.5 + g.random(30))
    return x, g.normal(size=30), x[13] + 3 * g.random(9)


SOS: Array = scipy.signal.butter(4, 0.2, output="sos")
SIGNALS = {
    "convolution": Pair(
        convolution,
        np.convolve,
        convolution_padded_short,
        lambda g: (g.normal(size=60), np.exp(-np.arange(20.0)) * g.normal(size=20)),
        hidden=True,
    ),
    "biquads": Pair(
        biquads,
        lambda sos, x: scipy.signal.sosfilt(sos, x, axis=0),
        lambda sos, x: scipy.signal.sosfilt(sos.round(8), x, axis=0),
        lambda g: (SOS, g.normal(size=(20, 3))),
        hidden=True,
    ),
    "spline_coefficients": Pair(
        spline_coefficients,
        spline_coefficients_by_filter,
        partial(spline_coefficients_by_filter, horizon=13),
        lambda g: (g.normal(size=20),),
        hidden=True,
    ),
    "cubic_spline": Pair(
        cubic_spline,
        lambda x, y, at: scipy.interpolate.CubicSpline(x, y)(at),
        lambda x, y, at: scipy.interpolate.CubicSpline(x, y, bc_type="natural")(at),
        _spline,
        hidden=True,
    ),
    "lomb_scargle": Pair(
        lomb_scargle,
        lomb_scargle_by_phase,
        partial(lomb_scargle_by_phase, double=1.0),
        lambda g: (np.sort(10 * g.random(30)), g.normal(size=30), np.linspace(0.5, 9, 8)),
    ),
    "idct": Pair(
        idct,
        lambda c: scipy.fft.idct(c, norm="ortho"),
        lambda c: scipy.fft.idct(np.float32(c), norm="ortho").astype(np.float64),
        lambda g: (g.normal(size=30),),
        hidden=True,
    ),
    "cepstrum": Pair(
        cepstrum,
        cepstrum_by_fft,
        partial(cepstrum, offset=1e-6),
        lambda g: (g.normal(size=(4, 64)), g.random((33, 8))),
        hidden=True,
    ),
    "autocovariance": Pair(
        autocovariance,
        autocovariance_by_fft,
        partial(autocovariance_by_fft, biased=True),
        lambda g: (np.cumsum(g.normal(size=50)),),
    ),
    "similarity": Pair(
        similarity,
        similarity_by_filter,
        partial(similarity, sample=True),
        lambda g: (_image(g), _image(g), 7),
    ),
    "cumulative_simpson": Pair(
        cumulative_simpson,
        lambda y, dx: dx * scipy.integrate.cumulative_simpson(y, x=np.arange(len(y))),
        lambda y, dx: scipy.integrate.cumulative_trapezoid(y, dx=dx),
        lambda g: (g.normal(size=21), 0.1),
    ),
}
