/**
 * Matrices over typed arrays.
 *
 * JavaScript computes in float64 and has no other arithmetic; a Float32Array rounds what is stored in it. So in float32
 * each result is rounded to float32, and what lies between, such as a sum on its way, is more precise than that. To
 * round there too (Math.fround around every operation) would take longer, only to be less accurate.
 */

/** @typedef {Float64Array | Float32Array} Floats */

/**
 * A matrix: element (i, j) is `data[i * rowStride + j * columnStride]`.
 *
 * It may have any shape. Then a row is all that belongs to one index of the first dimension: one image of a batch, the
 * weights of one filter.
 */
export class Matrix {
  /** @type {Matrix | undefined} */
  #transpose;

  /**
   * Row by row, where nothing else is said. The data are not copied.
   *
   * @param {Floats} data
   * @param {number[]} shape
   */
  constructor(data, shape, rowStride = size(shape.slice(1)), columnStride = 1) {
    this.data = data;
    this.shape = shape;
    this.rows = shape[0] ?? 1;
    this.columns = size(shape.slice(1));
    this.rowStride = rowStride;
    this.columnStride = columnStride;
  }

  /** The transpose: another view of the same data. Only `product` takes it; all else reads row by row. */
  get T() {
    const { data, rows, columns, rowStride, columnStride } = this;
    return (this.#transpose ??= new Matrix(data, [columns, rows], columnStride, rowStride));
  }
}

/**
 * A matrix whose rows and columns lie anywhere, such as the windows of images: element (i, j) is
 * `data[rowAt[i] + columnAt[j]]`. Only `product` takes it.
 */
export class Indexed {
  /**
   * @param {Floats} data
   * @param {Int32Array} rowAt
   * @param {Int32Array} columnAt
   */
  constructor(data, rowAt, columnAt) {
    this.data = data;
    this.rowAt = rowAt;
    this.columnAt = columnAt;
    this.rows = rowAt.length;
    this.columns = columnAt.length;
  }

  get T() {
    return new Indexed(this.data, this.columnAt, this.rowAt);
  }
}

/**
 * Where elements lie of which there are so many, so far apart, along each axis; the last index goes up first.
 *
 * @param {number[]} counts
 * @param {number[]} apart
 */
export function places(counts, apart) {
  return counts.reduce((found, count, axis) => {
    const next = new Int32Array(found.length * count);
    return next.map((_, i) => found[Math.floor(i / count)] + (i % count) * apart[axis]);
  }, Int32Array.of(0));
}

/**
 * How many elements there are in this shape.
 *
 * @param {number[]} shape
 */
export function size(shape) {
  return shape.reduce((product, n) => product * n, 1);
}

/** A work array before its first use. */
export const EMPTY = new Matrix(new Float64Array(0), [0, 0]);

/**
 * The work array itself where it has this shape and the dtype of x already, else a new one: a layer allocates when the
 * shape changes.
 *
 * @param {Matrix} work
 * @param {Matrix} x
 */
export function fit(work, x, shape = x.shape) {
  const isFit = work.data.constructor === x.data.constructor && isSame(work.shape, shape);
  return isFit ? work : new Matrix(zeros(x.data, size(shape)), shape);
}

/**
 * @param {number[]} one
 * @param {number[]} other
 */
export function isSame(one, other) {
  return one.length === other.length && one.every((n, axis) => n === other[axis]);
}

/**
 * So many zeros, in the dtype of these floats.
 *
 * @param {Floats} floats
 * @returns {Floats}
 */
export function zeros(floats, size = floats.length) {
  return floats instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
}

/**
 * The number nearest to value in the dtype of these floats.
 *
 * @param {number} value
 * @param {Floats} floats
 */
export function real(value, floats) {
  return floats instanceof Float32Array ? Math.fround(value) : value;
}

/**
 * Where the largest element of a row is: the first one, in a tie. NaN is larger than any other, as in NumPy.
 *
 * @param {Matrix} x
 * @param {number} row
 */
export function argmax({ data, columns }, row) {
  const start = row * columns;
  let best = 0;
  for (let j = 0; j < columns; j++) {
    const value = data[start + j];
    if (Number.isNaN(value)) {
      return j;
    }
    if (value > data[start + best]) {
      best = j;
    }
  }
  return best;
}
