/**
 * The matrix product, in plain JavaScript.
 *
 * It is made of tiles of 3 x 2 elements. The six sums of a tile live in registers while one loop goes down the depth:
 * the three numbers and the two that it reads at a turn serve six multiplications. Both factors are first copied, a
 * block at a time, in the order in which that loop reads them; so it is the same for matrices and transposes, for
 * float32 and float64. The copies lie in arrays of this module that stay where they are: V8 writes their places and
 * sizes into the machine code. For the same reason indices are kept to integers of 32 bits, by `| 0`: V8 need not check
 * for more.
 *
 * Why 3 x 2: the products of 784-50-10 at batch 100 ran at 5.5 GFLOP/s in float64 (Node 20, one number at a time, as V8
 * does not vectorise); tiles of 2 x 2 at 4.9, 3 x 3 at 4.8, 4 x 4, which has more sums than the processor registers, at
 * 4.6.
 */

import { Indexed } from "./matrix.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */

// A block of the left factor, of the right one, and of the result: together they fit a second-level cache.
const ROWS = 63; // a multiple of 3
const COLUMNS = 256; // a multiple of 2
const DEPTH = 256;
const left = new Float64Array(ROWS * DEPTH);
const right = new Float64Array(DEPTH * COLUMNS);
const block = new Float64Array(ROWS * COLUMNS);

/**
 * c = a b, or c += a b: a is (m, k), b is (k, n), c is (m, n), row by row or indexed, and neither of them. In c +=,
 * elements of c that lie in one place, as where windows overlap, are all added up there.
 *
 * @param {Matrix | Indexed} a
 * @param {Matrix | Indexed} b
 * @param {Matrix | Indexed} c
 */
export function product(a, b, c, add = false) {
  const { rows: m, columns: k } = a;
  const { columns: n } = b;
  if (b.rows !== k || c.rows !== m || c.columns !== n) {
    const [left, right, result] = [a, b, c].map(({ rows, columns }) => `(${rows}, ${columns})`);
    throw new RangeError(`product of ${left} and ${right} into ${result}`);
  }
  if (k === 0 && !add) {
    c.data.fill(0);
  }
  for (let column = 0; column < n; column += COLUMNS) {
    const columns = Math.min(COLUMNS, n - column);
    for (let from = 0; from < k; from += DEPTH) {
      const depth = Math.min(DEPTH, k - from);
      if (b instanceof Indexed) {
        packIndexedColumns(b, from, column, depth, columns);
      } else {
        packColumns(b, from, column, depth, columns);
      }
      for (let row = 0; row < m; row += ROWS) {
        const rows = Math.min(ROWS, m - row);
        if (a instanceof Indexed) {
          packIndexedRows(a, row, from, rows, depth);
        } else {
          packRows(a, row, from, rows, depth);
        }
        multiplyBlocks(rows, columns, depth);
        if (c instanceof Indexed) {
          storeIndexed(c, row, column, rows, columns, add || from > 0);
        } else {
          store(c, row, column, rows, columns, add || from > 0);
        }
      }
    }
  }
}

/**
 * Copies a block of a, three rows at a time, side by side. Where the last are fewer than three, the first of them comes
 * again: what it gives there is not stored.
 *
 * @param {Matrix} a
 * @param {number} row
 * @param {number} from
 * @param {number} rows
 * @param {number} depth
 */
function packRows({ data, rowStride, columnStride }, row, from, rows, depth) {
  let slot = 0;
  for (let i = 0; i < rows; i += 3) {
    const second = i + 1 < rows ? rowStride : 0;
    const third = i + 2 < rows ? 2 * rowStride : 0;
    let place = (row + i) * rowStride + from * columnStride;
    for (let p = 0; p < depth; p++) {
      left[slot] = data[place];
      left[slot + 1] = data[(place + second) | 0];
      left[slot + 2] = data[(place + third) | 0];
      slot = (slot + 3) | 0;
      place = (place + columnStride) | 0;
    }
  }
}

/**
 * As `packRows`.
 *
 * @param {Indexed} a
 * @param {number} row
 * @param {number} from
 * @param {number} rows
 * @param {number} depth
 */
function packIndexedRows({ data, rowAt, columnAt }, row, from, rows, depth) {
  let slot = 0;
  for (let i = 0; i < rows; i += 3) {
    const first = rowAt[row + i];
    const second = i + 1 < rows ? rowAt[row + i + 1] : first;
    const third = i + 2 < rows ? rowAt[row + i + 2] : first;
    for (let p = 0; p < depth; p++) {
      const place = columnAt[from + p];
      left[slot] = data[(first + place) | 0];
      left[slot + 1] = data[(second + place) | 0];
      left[slot + 2] = data[(third + place) | 0];
      slot = (slot + 3) | 0;
    }
  }
}

/**
 * Copies a block of b, two columns at a time, side by side.
 *
 * @param {Matrix} b
 * @param {number} from
 * @param {number} column
 * @param {number} depth
 * @param {number} columns
 */
function packColumns({ data, rowStride, columnStride }, from, column, depth, columns) {
  let slot = 0;
  for (let j = 0; j < columns; j += 2) {
    const second = j + 1 < columns ? columnStride : 0;
    let place = from * rowStride + (column + j) * columnStride;
    for (let p = 0; p < depth; p++) {
      right[slot] = data[place];
      right[slot + 1] = data[(place + second) | 0];
      slot = (slot + 2) | 0;
      place = (place + rowStride) | 0;
    }
  }
}

/**
 * As `packColumns`.
 *
 * @param {Indexed} b
 * @param {number} from
 * @param {number} column
 * @param {number} depth
 * @param {number} columns
 */
function packIndexedColumns({ data, rowAt, columnAt }, from, column, depth, columns) {
  let slot = 0;
  for (let j = 0; j < columns; j += 2) {
    const first = columnAt[column + j];
    const second = j + 1 < columns ? columnAt[column + j + 1] : first;
    for (let p = 0; p < depth; p++) {
      const place = rowAt[from + p];
      right[slot] = data[(first + place) | 0];
      right[slot + 1] = data[(second + place) | 0];
      slot = (slot + 2) | 0;
    }
  }
}

/**
 * The block of the result, tile by tile.
 *
 * @param {number} rows
 * @param {number} columns
 * @param {number} depth
 */
function multiplyBlocks(rows, columns, depth) {
  for (let j = 0; j < columns; j += 2) {
    for (let i = 0; i < rows; i += 3) {
      multiplyTile((i * depth) | 0, (j * depth) | 0, (i * COLUMNS + j) | 0, depth);
    }
  }
}

/**
 * The tile of the result at `to`: the three rows at l by the two columns at r.
 *
 * @param {number} l
 * @param {number} r
 * @param {number} to
 * @param {number} depth
 */
function multiplyTile(l, r, to, depth) {
  let c00 = 0;
  let c01 = 0;
  let c10 = 0;
  let c11 = 0;
  let c20 = 0;
  let c21 = 0;
  for (let p = 0; p < depth; p++) {
    const b0 = right[r];
    const b1 = right[r + 1];
    const a0 = left[l];
    c00 += a0 * b0;
    c01 += a0 * b1;
    const a1 = left[l + 1];
    c10 += a1 * b0;
    c11 += a1 * b1;
    const a2 = left[l + 2];
    c20 += a2 * b0;
    c21 += a2 * b1;
    l = (l + 3) | 0;
    r = (r + 2) | 0;
  }
  block[to] = c00;
  block[to + 1] = c01;
  block[to + COLUMNS] = c10;
  block[to + COLUMNS + 1] = c11;
  block[to + 2 * COLUMNS] = c20;
  block[to + 2 * COLUMNS + 1] = c21;
}

/**
 * Puts the block into its place in c, or adds it to what is there.
 *
 * @param {Matrix} c
 * @param {number} row
 * @param {number} column
 * @param {number} rows
 * @param {number} columns
 * @param {boolean} add
 */
function store({ data, rowStride }, row, column, rows, columns, add) {
  for (let i = 0; i < rows; i++) {
    const from = i * COLUMNS;
    const to = (row + i) * rowStride + column;
    if (add) {
      for (let j = 0; j < columns; j++) {
        data[to + j] += block[from + j];
      }
    } else {
      for (let j = 0; j < columns; j++) {
        data[to + j] = block[from + j];
      }
    }
  }
}

/**
 * As `store`.
 *
 * @param {Indexed} c
 * @param {number} row
 * @param {number} column
 * @param {number} rows
 * @param {number} columns
 * @param {boolean} add
 */
function storeIndexed({ data, rowAt, columnAt }, row, column, rows, columns, add) {
  for (let i = 0; i < rows; i++) {
    const from = i * COLUMNS;
    const to = rowAt[row + i];
    if (add) {
      for (let j = 0; j < columns; j++) {
        data[(to + columnAt[column + j]) | 0] += block[from + j];
      }
    } else {
      for (let j = 0; j < columns; j++) {
        data[(to + columnAt[column + j]) | 0] = block[from + j];
      }
    }
  }
}
