import assert from "node:assert/strict";
import { test } from "node:test";

import { WireError, decode, encode } from "../src/wire.js";
import { source } from "./helpers.js";

/** @type {import("../src/wire.js").Message} */
const MESSAGE = {
  word: "load",
  fields: new Map([["empty", ""], ["text", "100 % \u00e9\u{1f600}\n="]]),
  arrays: new Map([
    ["scalar", { shape: [], data: Float64Array.of(-0) }],
    ["row", { shape: [1, 3], data: Float32Array.of(1.5, Infinity, 1e-45) }],
    ["matrix", { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) }],
    ["none", { shape: [0], data: new Float32Array(0) }],
    ["t", { shape: [4], data: Int32Array.of(0, -1, 2 ** 31 - 1, -(2 ** 31)) }],
    ["cube", { shape: [2, 1, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) }],
    ["four", { shape: [1, 2, 2, 1], data: Float32Array.of(1, 2, 3, 4) }],
    ["most", { shape: Array(32).fill(1), data: Int32Array.of(7) }],
    ["images", { shape: [2, 3], data: Uint8Array.of(0, 1, 127, 128, 254, 255) }],
  ]),
};

/** An array in a message, with this header. @param {string} header @param {Uint8Array} data */
function record(header, data = new Uint8Array(64)) {
  const size = Buffer.from([1, 0, header.length & 0xff, header.length >> 8]);
  return Buffer.concat([Buffer.from("load arrays=x\n\x93NUMPY", "latin1"), size, Buffer.from(header), data]);
}

test("what is written is read, however it arrives", () => {
  const bytes = encode(MESSAGE);
  for (const atATime of [1, 7, 100, 1e6]) {
    const both = source(Buffer.concat([bytes, bytes]), atATime);
    assert.deepEqual([decode(both), decode(both), decode(both)], [MESSAGE, MESSAGE, undefined]);
  }
});

test("the bytes are those of the specification", () => {
  const array = { shape: [1, 2], data: Float64Array.of(1, -2) };
  const message = { word: "ok", fields: new Map([["note", "a b%"]]), arrays: new Map([["x", array]]) };
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }".padEnd(117);
  const text = `ok note=a%20b%25 arrays=x\n\x93NUMPY\x01\x00\x76\x00${header}\n`;
  assert.deepEqual(encode(message), Buffer.concat([Buffer.from(text, "latin1"), Buffer.from(array.data.buffer)]));
});

test("column by column becomes row by row", () => {
  const header = "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n";
  const message = decode(source(record(header, new Uint8Array(Float64Array.of(1, 4, 2, 5, 3, 6).buffer))));
  assert.deepEqual(message?.arrays.get("x"), { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 6) });
});

/** Element (i, j, k, ...) has the digits of its index. */
test("so it does in three dimensions and in four", () => {
  const cube = [0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112];
  const four = [0, 1, 100, 101, 1000, 1001, 1100, 1101, 2000, 2001, 2100, 2101];
  for (const [order, shape, came, rows] of /** @type {[string, number[], number[], number[]][]} */ ([
    ["False", [2, 2, 3], cube, cube],
    ["True", [2, 2, 3], [0, 100, 10, 110, 1, 101, 11, 111, 2, 102, 12, 112], cube],
    ["False", [3, 2, 1, 2], four, four],
    ["True", [3, 2, 1, 2], [0, 1000, 2000, 100, 1100, 2100, 1, 1001, 2001, 101, 1101, 2101], four],
    ["True", [2, 0, 3], [], []],
  ])) {
    const header = `{'descr': '<i4', 'fortran_order': ${order}, 'shape': (${shape.join(", ")}), }\n`;
    const message = decode(source(record(header, new Uint8Array(Int32Array.from(came).buffer))));
    assert.deepEqual(message?.arrays.get("x"), { shape, data: Int32Array.from(rows) });
  }
});

test("headers of other writers are read", () => {
  const header = '{"shape":(2,),"fortran_order":True,"descr":"<i4"}\n';
  const bytes = record(header, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0));
  const second = Buffer.concat([bytes.subarray(0, 20), Buffer.of(2, 0, header.length, 0, 0, 0), bytes.subarray(24)]);
  for (const version of [bytes, second]) {
    assert.deepEqual(decode(source(version))?.arrays.get("x"), { shape: [2], data: Int32Array.of(1, 2) });
  }
});

test("a stream that ends anywhere is refused", () => {
  const bytes = encode(MESSAGE);
  for (let length = 1; length < bytes.length; length++) {
    assert.throws(() => decode(source(bytes.subarray(0, length))), WireError);
  }
});

test("malformed lines are refused", () => {
  const words = ["\n", " hello\n", "hello \n", "hello  a=1\n", "hell0\n", "hello", "a".repeat(70_000)];
  const fields = ["hello a\n", "hello =1\n", "hello a=1 a=2\n", "hello a=%2\n", "hello a=%zz\n", "hello a=%FF\n"];
  const arrays = ["load arrays=\n", "load arrays=x,\n", "load arrays=x,x\n", "load arrays=x a=1\n"];
  for (const line of [...words, ...fields, ...arrays]) {
    assert.throws(() => decode(source(Buffer.from(line))), { message: /^expected / }, line);
  }
  assert.throws(() => decode(source(Buffer.from("hello a=\xff\n", "latin1"))), { message: /UTF-8/ });
});

test("malformed records are refused", () => {
  /** @param {string} shape */
  const shaped = (shape) => `{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}}`;
  for (const header of ["", "{}", "(2,)", "{'descr': '<f8', 'fortran_order': False}", shaped("(2)"), shaped("(,)"),
    shaped("(-1,)"), shaped("(1,,2)"), shaped("(), 'more': 1"), "{'descr': '<f8', 'fortran_order': 0, 'shape': ()}"]) {
    assert.throws(() => decode(source(record(header))), { message: /^array x: not a valid .npy header/ }, header);
  }
  for (const descr of ["|O", ">f8", "<i8", "<c16", "|i1", "<u1"]) {
    const header = shaped("()").replace("<f8", descr);
    assert.throws(() => decode(source(record(header))), { message: /expected dtype <f8, <f4, <i4 or \|u1, came/ });
  }
  for (const shape of [`(${"1, ".repeat(33)})`, "(4294967296, 4294967296)", "(2000000000,)"]) {
    assert.throws(() => decode(source(record(shaped(shape)))), { message: /expected at most/ });
  }
  const magic = Buffer.from("load arrays=x\n\x93NUMPX\x01\x00\x00\x00", "latin1");
  assert.throws(() => decode(source(magic)), { message: /beginning with/ });
});
