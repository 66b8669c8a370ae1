/**
 * Messages: one line of text, then the arrays that it announces, each a standard .npy record.
 *
 *     ok epsilon=0 arrays=loss,dW1\n <npy of loss> <npy of dW1>
 *
 * docs/protocol.md is the specification; this is its JavaScript reading. It knows streams only as functions.
 */

const MAX_LINE = 65536;
const MAX_HEADER = 4096;
const MAX_DIMENSIONS = 32;
/** Of the data of one array: more is refused before memory is taken. */
const MAX_BYTES = 2 ** 33;
const MAGIC = Buffer.from("\x93NUMPY", "latin1");

const DTYPES = [
  { descr: "<f8", name: "float64", Type: Float64Array },
  { descr: "<f4", name: "float32", Type: Float32Array },
  { descr: "<i4", name: "int32", Type: Int32Array },
  { descr: "|u1", name: "uint8", Type: Uint8Array },
];

/** What arrived is not a message of the protocol. Says what was expected and what came. */
export class WireError extends Error {}

/**
 * The elements of an array, in one of the dtypes that travel.
 *
 * @typedef {Float64Array | Float32Array | Int32Array | Uint8Array} Elements
 */

/**
 * An array of any shape, its elements row by row, in whatever order it came.
 *
 * @template {Elements} [E=Elements]
 * @typedef {{ shape: number[], data: E }} NDArray
 */

/**
 * A word (an operation, or the outcome of one), its fields, and its arrays, both by name and in order.
 *
 * @typedef {object} Message
 * @property {string} word
 * @property {Map<string, string>} fields
 * @property {Map<string, NDArray>} arrays
 */

/**
 * The message as bytes.
 *
 * @param {Message} message
 */
export function encode({ word, fields, arrays }) {
  const words = [word, ...[...fields].map(([key, value]) => `${key}=${quote(value)}`)];
  if (arrays.size > 0) {
    words.push(`arrays=${[...arrays.keys()].join(",")}`);
  }
  return Buffer.concat([Buffer.from(`${words.join(" ")}\n`), ...[...arrays.values()].flatMap(record)]);
}

/**
 * An array as an .npy record: its header and its data, which are not copied.
 *
 * @param {NDArray} array
 */
function record({ shape, data }) {
  const header = `{'descr': '${dtypeOf(data).descr}', 'fortran_order': False, 'shape': ${tuple(shape)}, }`;
  const length = Math.ceil((MAGIC.length + 4 + header.length + 1) / 64) * 64 - MAGIC.length - 4;
  const text = `${header.padEnd(length - 1)}\n`;
  return [MAGIC, Buffer.from([1, 0, length & 0xff, length >> 8]), Buffer.from(text), bytesOf(data)];
}

/** Bytes in the order in which they come. */
export class Source {
  #read;
  #buffer = new Uint8Array(MAX_LINE);
  #start = 0;
  #end = 0;

  /**
   * `read` fills the beginning of its argument, waits for at least a byte, and says how many there are; 0 at the end.
   *
   * @param {(bytes: Uint8Array) => number} read
   */
  constructor(read) {
    this.#read = read;
  }

  /** The bytes up to and including the next newline, MAX_LINE of them at most; none at the end. */
  line() {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    for (let searched = 0; ;) {
      const newline = this.#buffer.subarray(0, this.#end).indexOf(0x0a, searched);
      searched = this.#end;
      const rest = this.#buffer.subarray(this.#end);
      const count = newline >= 0 || rest.length === 0 ? 0 : this.#read(rest);
      this.#end += count;
      if (count === 0) {
        this.#start = newline >= 0 ? newline + 1 : this.#end;
        return this.#buffer.slice(0, this.#start);
      }
    }
  }

  /**
   * Fills these bytes with the next ones; how many there were no more of.
   *
   * @param {Uint8Array} bytes
   */
  fill(bytes) {
    const ready = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + bytes.length));
    bytes.set(ready);
    this.#start += ready.length;
    let filled = ready.length;
    while (filled < bytes.length) {
      const count = this.#read(bytes.subarray(filled));
      if (count === 0) {
        break;
      }
      filled += count;
    }
    return bytes.length - filled;
  }
}

/**
 * The next message, or undefined at a clean end of the stream. Throws WireError.
 *
 * @param {Source} source
 * @returns {Message | undefined}
 */
export function decode(source) {
  const line = source.line();
  if (line.length === 0) {
    return undefined;
  }
  const { word, fields, names } = parseLine(line);
  return { word, fields, arrays: new Map(names.map((name) => [name, readArray(source, name)])) };
}

/** @param {Uint8Array} line */
function parseLine(line) {
  /** @param {string} expected */
  const refuse = (expected) => new WireError(`expected ${expected}, came ${show(line)}`);
  if (line[line.length - 1] !== 0x0a) {
    throw refuse(`a line of at most ${MAX_LINE} bytes and a newline`);
  }
  const text = attempt(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line.subarray(0, -1)));
  if (text === undefined) {
    throw refuse("a line of UTF-8 text");
  }
  const [word, ...pairs] = text.split(" ");
  if (!/^[A-Za-z_]+$/.test(word)) {
    throw refuse("a line 'word key=value ...'");
  }
  /** @type {Map<string, string>} */
  const fields = new Map();
  for (const pair of pairs) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
    if (key === undefined || fields.has(key) || fields.has("arrays")) {
      throw refuse("each field once, as key=value, and arrays last");
    }
    const unquoted = attempt(() => decodeURIComponent(value)); // %XX are bytes of UTF-8 text, as in a URI
    if (unquoted === undefined) {
      throw refuse("% to begin %XX, a byte of UTF-8 text");
    }
    fields.set(key, unquoted);
  }
  const names = fields.get("arrays")?.split(",") ?? [];
  fields.delete("arrays");
  if (names.includes("") || new Set(names).size < names.length) {
    throw refuse("each array to have a name of its own");
  }
  return { word, fields, names };
}

/**
 * @param {Source} source
 * @param {string} name
 * @returns {NDArray}
 */
function readArray(source, name) {
  /** @param {string} what */
  const refuse = (what) => new WireError(`array ${name}: ${what}`);
  /** @template {Elements} E @param {E} data */
  const filled = (data) => {
    const missing = source.fill(bytesOf(data));
    if (missing > 0) {
      throw refuse(`expected ${missing} more bytes, the stream ended before`);
    }
    return data;
  };

  const magic = filled(new Uint8Array(8));
  const [major, minor] = magic.subarray(6);
  if (!MAGIC.equals(magic.subarray(0, 6)) || minor !== 0 || (major !== 1 && major !== 2)) {
    throw refuse(`expected an .npy record, beginning with \\x93NUMPY, came ${show(magic)}`);
  }
  const length = filled(new Uint8Array(2 * major)).reduceRight((sum, byte) => sum * 256 + byte, 0);
  if (length > MAX_HEADER) {
    throw refuse(`expected a header of at most ${MAX_HEADER} bytes, came one of ${length}`);
  }
  const bytes = filled(new Uint8Array(length));
  const header = parseHeader(Buffer.from(bytes).toString("latin1"));
  if (header === undefined) {
    throw refuse(`not a valid .npy header: ${show(bytes)}`);
  }
  const { descr, fortranOrder, shape } = header;
  const dtype = DTYPES.find((dtype) => dtype.descr === descr);
  if (dtype === undefined) {
    throw refuse(`expected dtype <f8, <f4, <i4 or |u1, came ${descr}`);
  }
  if (shape.length > MAX_DIMENSIONS) {
    throw refuse(`expected at most ${MAX_DIMENSIONS} dimensions, came shape ${tuple(shape)}`);
  }
  const size = shape.reduce((product, n) => product * n, 1);
  if (size * dtype.Type.BYTES_PER_ELEMENT > MAX_BYTES) {
    throw refuse(`expected at most ${MAX_BYTES} bytes of data, came shape ${tuple(shape)} of ${descr}`);
  }
  const data = filled(new dtype.Type(size));
  return { shape, data: fortranOrder && shape.length > 1 ? rowByRow(data, shape) : data };
}

/**
 * The dtype, order and shape in `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }`; undefined if it is no
 * such.
 *
 * @param {string} header
 */
function parseHeader(header) {
  const descr = /(['"])descr\1\s*:\s*(['"])(.*?)\2/.exec(header);
  const order = /(['"])fortran_order\1\s*:\s*(True|False)/.exec(header);
  // (3) is a number, (3,) a shape
  const shape = /(['"])shape\1\s*:\s*\(\s*((?:\d+\s*,\s*)+(?:\d+\s*)?)?\)/.exec(header);
  if (!descr || !order || !shape) {
    return undefined;
  }
  const rest = [descr, order, shape].reduce((text, [entry]) => text.replace(entry, ""), header);
  if (!/^\s*\{(\s*,){2,3}\s*\}\s*$/.test(rest)) {
    return undefined;
  }
  const sizes = shape[2]?.match(/\d+/g) ?? [];
  return { descr: descr[3], fortranOrder: order[2] === "True", shape: sizes.map(Number) };
}

/**
 * What came column by column, the first index going up first.
 *
 * @template {Elements} E
 * @param {E} data
 * @param {number[]} shape
 */
function rowByRow(data, shape) {
  const turned = /** @type {E} */ (data.slice());
  const last = shape.length - 1;
  /** Along an axis, how far apart neighbours are. @type {number[]} */
  const apart = [1];
  for (let axis = 0; axis < last; axis++) {
    apart.push(apart[axis] * shape[axis]);
  }
  const index = new Int32Array(shape.length);
  for (let from = 0, to = 0; to < data.length;) {
    for (let i = 0; i < shape[last]; i++) {
      turned[to++] = data[from + i * apart[last]];
    }
    // The next row: as in a number, what is full goes back to 0, and what is before it goes up.
    let axis = last - 1;
    for (; axis > 0 && index[axis] === shape[axis] - 1; axis--) {
      from -= index[axis] * apart[axis];
      index[axis] = 0;
    }
    index[axis]++;
    from += apart[axis];
  }
  return turned;
}

/**
 * The name of an array's dtype, and how a header calls it.
 *
 * @param {Elements} data
 */
export function dtypeOf(data) {
  const dtype = DTYPES.find(({ Type }) => data instanceof Type);
  if (dtype === undefined) {
    throw new TypeError(`expected a dtype that travels, came ${data.constructor.name}`);
  }
  return dtype;
}

/**
 * A shape, as Python writes it.
 *
 * @param {(number | string)[]} shape
 */
export function tuple(shape) {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** The same memory, byte by byte; a machine that runs Node has the low byte first. @param {Elements} data */
function bytesOf({ buffer, byteOffset, byteLength }) {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Spaces, percent signs, control characters and whatever is not ASCII become %XX. @param {string} value */
function quote(value) {
  return value.replace(/[^!-$&-~]/gu, encodeURIComponent);
}

/** What the function gives, or undefined where it throws. @template T @param {() => T} compute */
function attempt(compute) {
  try {
    return compute();
  } catch {
    return undefined;
  }
}

/** The beginning of what came, for an error message. @param {Uint8Array} bytes */
function show(bytes) {
  const text = JSON.stringify(Buffer.from(bytes.subarray(0, 80)).toString("latin1"));
  return `${text}${bytes.length > 80 ? "..." : ""}`;
}
