/**
 * The server: answers the protocol's requests on stdin until it closes.
 *
 *     node serve.js 3>&1 1>&2
 *
 * stdout is the protocol's alone, so the shell hands it over as file descriptor 3: whatever prints, console.log too,
 * goes to stderr. Requests come one at a time, so reading and writing wait.
 */

import { readSync, writeSync } from "node:fs";

import { RequestError, Unsupported } from "./request.js";
import { Source, decode, encode } from "./wire.js";

/** @typedef {import("./wire.js").Message} Message */

const INPUT = 0;
const OUTPUT = 3;
const LONGEST_MESSAGE = 1000;

/**
 * Answers each request with the operation that it names. `port` is what lives from one request to the next; `tell`
 * writes to stderr where an operation failed by a fault of its code.
 *
 * @template Port
 * @param {Map<string, (port: Port, request: Message) => Message>} operations
 * @param {Port} port
 * @param {(error: unknown) => void} tell
 */
export function serve(operations, port, tell = console.error) {
  const source = new Source((bytes) => patiently(() => readSync(INPUT, bytes)));
  try {
    for (let request = decode(source); request !== undefined; request = decode(source)) {
      write(encode(answer(operations, port, request, tell)));
    }
  } catch (error) {
    console.error(`serve.js: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

/**
 * @template Port
 * @param {Map<string, (port: Port, request: Message) => Message>} operations
 * @param {Port} port
 * @param {Message} request
 * @param {(error: unknown) => void} tell
 */
function answer(operations, port, request, tell) {
  const operation = operations.get(request.word);
  if (operation === undefined) {
    return failure("unsupported", `no operation ${request.word}`);
  }
  try {
    return operation(port, request);
  } catch (error) {
    if (error instanceof Unsupported) {
      return failure("unsupported", error.message);
    }
    if (!(error instanceof RequestError)) {
      tell(error);
    }
    return failure("error", String(/** @type {any} */ (error)?.message ?? error)); // whatever was thrown
  }
}

/**
 * The text is cut, lest it outgrow a line.
 *
 * @param {"error" | "unsupported"} word
 * @param {string} message
 * @returns {Message}
 */
function failure(word, message) {
  const text = [...message].slice(0, LONGEST_MESSAGE).join("");
  return { word, fields: new Map([["message", text]]), arrays: new Map() };
}

/** @param {Uint8Array} bytes */
function write(bytes) {
  for (let written = 0; written < bytes.length;) {
    const rest = bytes.subarray(written);
    written += patiently(() => writeSync(OUTPUT, rest));
  }
}

/**
 * What the call gives, once its pipe is ready: one that does not block says EAGAIN until then.
 *
 * @param {() => number} call
 */
function patiently(call) {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EAGAIN") {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1); // a millisecond
    }
  }
}
