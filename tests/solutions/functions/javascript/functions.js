/*
 * The functions of reference.py, and the one file to open: what is left to you is marked YOURS.
 *
 * An array is { shape, data }, row by row: of x (n, d), element (i, j) is x.data[i * d + j]. What comes is in typed
 * arrays, Float64Array or Float32Array, Int32Array for integers and Uint8Array of 0 and 1 for booleans; what you return
 * may be in plain ones. A number is a number, a boolean true or false. Leave the arguments as they are, and return an
 * object of the results. An exception is reported as the error that it is.
 */

// YOURS: what your functions can compute in. Cases of another dtype are reported as not implemented.
export const dtypes = ["float64", "float32"];

/**
 * Ridge regression with its gradient.
 * ridge(X[n, d], y[n], penalty) -> w[d], loss
 */
export function ridge(X, y, penalty) {
  const [n, d] = X.shape;
  const A = new Float64Array(d * d); // A w = X'y, and A = X'X + penalty I = L L'
  const w = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = i === j ? penalty : 0;
      for (let k = 0; k < n; k++) sum += X.data[k * d + i] * X.data[k * d + j];
      for (let k = 0; k < j; k++) sum -= A[i * d + k] * A[j * d + k];
      A[i * d + j] = i === j ? Math.sqrt(sum) : sum / A[j * d + j];
    }
    for (let k = 0; k < n; k++) w[i] += X.data[k * d + i] * y.data[k];
    for (let k = 0; k < i; k++) w[i] -= A[i * d + k] * w[k];
    w[i] /= A[i * d + i];
  }
  for (let i = d - 1; i >= 0; i--) {
    for (let k = i + 1; k < d; k++) w[i] -= A[k * d + i] * w[k];
    w[i] /= A[i * d + i];
  }
  let loss = penalty * w.reduce((sum, element) => sum + element ** 2, 0);
  for (let k = 0; k < n; k++) {
    const row = X.data.subarray(k * d, (k + 1) * d);
    loss += (row.reduce((sum, element, i) => sum + element * w[i], 0) - y.data[k]) ** 2;
  }
  return { w: { shape: [d], data: w }, loss };
}

/**
 * a[i] b[j] c[k], and the sum.
 * outer3(a[n], b[m], c[k]) -> out[n, m, k], total
 */
export function outer3(a, b, c) {
  const data = [...a.data].flatMap((ai) => [...b.data].flatMap((bj) => Array.from(c.data, (ck) => ai * bj * ck)));
  const total = data.reduce((sum, element) => sum + element, 0);
  return { out: { shape: [...a.shape, ...b.shape, ...c.shape], data }, total };
}

/**
 * The rows of x that keep names, and how many.
 * pick(x[n, c, h, w], keep[n], order[n]) -> out[n, c, h, w], count, kept[n]
 */
export function pick(x, keep, order) {
  const data = x.data.slice().fill(0);
  const size = data.length / x.shape[0];
  keep.data.forEach((kept, i) => {
    const at = order.data[i] * size;
    if (kept) data.set(x.data.subarray(at, at + size), i * size);
  });
  return { out: { shape: x.shape, data }, count: keep.data.reduce((sum, kept) => sum + kept, 0), kept: keep };
}
