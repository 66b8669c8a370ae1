/**
 * Matrices over typed arrays.
 *
 * JavaScript computes in float64 and has no other arithmetic; a Float32Array rounds what is stored in it. So in float32
 * each result is rounded to float32, and what lies between, such as a sum on its way, is more precise than that. To
 * round there too (Math.fround around every operation) would take longer, only to be less accurate.
 */

/** @typedef {Float64Array | Float32Array} Floats */

/** A matrix: element (i, j) is `data[i * rowStride + j * columnStride]`. */
export class Matrix {
  /** @type {Matrix | undefined} */
  #transpose;

  /**
   * Row by row, where nothing else is said. The data are not copied.
   *
   * @param {Floats} data
   * @param {number} rows
   * @param {number} columns
   */
  constructor(data, rows, columns, rowStride = columns, columnStride = 1) {
    this.data = data;
    this.rows = rows;
    this.columns = columns;
    this.rowStride = rowStride;
    this.columnStride = columnStride;
  }

  /** The transpose: another view of the same data. Only `product` takes it; all else reads row by row. */
  get T() {
    const { data, rows, columns, rowStride, columnStride } = this;
    return (this.#transpose ??= new Matrix(data, columns, rows, columnStride, rowStride));
  }
}

/** A work array before its first use. */
export const EMPTY = new Matrix(new Float64Array(0), 0, 0);

/**
 * The work array itself where it has this shape and the dtype of x already, else a new one: a layer allocates when the
 * shape changes.
 *
 * @param {Matrix} work
 * @param {Matrix} x
 */
export function fit(work, x, rows = x.rows, columns = x.columns) {
  const fits = work.rows === rows && work.columns === columns && work.data.constructor === x.data.constructor;
  return fits ? work : new Matrix(zeros(x.data, rows * columns), rows, columns);
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
