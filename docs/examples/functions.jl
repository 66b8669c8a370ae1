# The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
#
# Arguments are Arrays of Float64 or Float32, of Int32, or of Bool, in the shapes that the comments say; those without a
# shape are numbers. Do not change them. Integers stay as they are in Python: if they are indices, they count from 0.
# Return a named tuple of the results. An exception is reported as an error. Your code can be elsewhere: include it here,
# and call it.

# YOURS: what your functions can compute in. Cases of another dtype are "not implemented".
const DTYPES = ["float64", "float32"]

using LinearAlgebra, Statistics

sigmoid(x) = inv(1 + exp(-x))

"""
    kalman_step(x[n], P[n, n], F[n, n], H[m, n], Q[n, n], R[m, m], z[m]) -> gain[n, m], state[n], covariance[n, n]

One step of a Kalman filter: the prediction, the gain, and the state and covariance after z was measured.
"""
function kalman_step(x, P, F, H, Q, R, z)
    x = F * x
    P = F * P * F' + Q
    HP = H * P
    S = cholesky(Symmetric(HP * H' + R))
    K = (S \ HP)'
    (gain = K, state = x + K * (z - H * x), covariance = P - K * HP)
end

"""
    ridge(X[n, d], y[n], w[d], penalty) -> loss, dw[d]

The loss of ridge regression, |y - X w|^2 / n + penalty |w|^2, and its gradient.
"""
function ridge(X, y, w, penalty)
    n = length(y)
    r = X * w - y
    (loss = dot(r, r) / n + penalty * dot(w, w), dw = 2 * (X' * r) / n + 2 * penalty * w)
end

"""
    lstm_cell(x[n, d], h[n, k], c[n, k], W[d, 4*k], U[k, 4*k], b[4*k], dh[n, k], dc[n, k]) -> c_next[n, k], h_next[n, k], loss, dx[n, d], dW[d, 24], dU[k, 24], db[24]

An LSTM cell (input, forget and output gate, candidate), and its backward pass for the gradients dh and dc.
"""
function lstm_cell(x, h, c, W, U, b, dh, dc)
    k = size(h, 2)
    a = x * W .+ h * U .+ b'
    i, f, o = (sigmoid.(a[:, (g * k + 1):((g + 1) * k)]) for g in 0:2)
    g = tanh.(a[:, (3k + 1):end])
    c_next = @. f * c + i * g
    t = tanh.(c_next)
    h_next = o .* t

    ds = @. dc + dh * o * (1 - t^2)
    da = hcat(
        (@. ds * g * i * (1 - i)),
        (@. ds * c * f * (1 - f)),
        (@. dh * t * o * (1 - o)),
        (@. ds * i * (1 - g^2)),
    )
    (
        c_next = c_next,
        h_next = h_next,
        loss = dot(h_next, dh) + dot(c_next, dc),
        dx = da * W',
        dW = x' * da,
        dU = h' * da,
        db = vec(sum(da; dims = 1)),
    )
end

"""
    normalized_convolution(x[n, c, h+2, w+2], W[f, c, 3, 3], gamma[f], beta[f], dout[n, f, h, w]) -> out[n, f, h, w], loss, dgamma[f], dbeta[f], dW[f, c, w, w]

A convolution with 3 x 3 kernels, batch normalization of each channel, and the backward pass for dout.
"""
function normalized_convolution(x, W, gamma, beta, dout)
    n, f, h, w = size(dout)
    # The windows are the rows of a matrix, so that the convolution is a product: z[b, i, j, f].
    patches = reduce(hcat, vec(x[:, c, i:(i + h - 1), j:(j + w - 1)]) for c in axes(x, 2), i in 1:3, j in 1:3)
    z = patches * reshape(W, f, :)'

    mu = mean(z; dims = 1)
    s = sqrt.(var(z; dims = 1, mean = mu, corrected = false) .+ eltype(z)(1e-5))
    y = (z .- mu) ./ s
    out = y .* gamma' .+ beta'

    d = reshape(permutedims(dout, (1, 3, 4, 2)), :, f)
    dgamma, dbeta = sum(d .* y; dims = 1), sum(d; dims = 1)
    dz = gamma' ./ s .* (d .- dbeta ./ size(d, 1) .- y .* dgamma ./ size(d, 1))
    (
        out = permutedims(reshape(out, n, h, w, f), (1, 4, 2, 3)),
        loss = dot(out, d),
        dgamma = vec(dgamma),
        dbeta = vec(dbeta),
        dW = reshape(dz' * patches, size(W)),
    )
end

"""
    attention(x[t, d], Q[d, k], K[d, k], V[d, k], dout[t, k]) -> weights[t, t], out[t, k], loss, dQ[d, k], dK[d, k], dV[d, k]

A head of self-attention, softmax(q k^T / sqrt(size)) v, and its backward pass for dout.
"""
function attention(x, Q, K, V, dout)
    q, k, v = x * Q, x * K, x * V
    scale = sqrt(eltype(x)(size(k, 2)))
    scores = q * k' / scale
    e = exp.(scores .- maximum(scores; dims = 2))
    weights = e ./ sum(e; dims = 2)
    out = weights * v

    dweights = dout * v'
    dscores = weights .* (dweights .- sum(dweights .* weights; dims = 2)) / scale
    (
        weights = weights,
        out = out,
        loss = dot(out, dout),
        dQ = x' * (dscores * k),
        dK = x' * (dscores' * q),
        dV = x' * (weights' * dout),
    )
end

"""
    fourier(x[n]) -> real[n], imaginary[n]

The discrete Fourier transform by its definition, sum of x[j] exp(-2 pi i j k / n).
"""
function fourier(x)
    n = length(x)
    roots = [Complex{eltype(x)}(cis(-2pi * j / n)) for j in 0:(n - 1)]
    X = [sum(x[j + 1] * roots[mod(j * k, n) + 1] for j in 0:(n - 1)) for k in 0:(n - 1)]
    (real = real(X), imaginary = imag(X))
end

"""
    density(points[m], data[n], bandwidth) -> density[m]

A Gaussian kernel density estimate at each point.
"""
function density(points, data, bandwidth)
    kernel(u) = exp(-u^2 / 2) / sqrt(oftype(u, 2pi))
    (density = [mean(kernel((p - x) / bandwidth) for x in data) / bandwidth for p in points],)
end

# The functions that gradparity may call.
const FUNCTIONS = [:kalman_step, :ridge, :lstm_cell, :normalized_convolution, :attention, :fourier, :density]
