/** The protocol's operations: each takes a request and answers it by calls of functions.js. */

import { dtypes } from "../functions.js";
import { FUNCTIONS } from "./functions.js";
import { RequestError, Unsupported, field, ok, wholeNumber } from "./request.js";
import { packed } from "./results.js";
import { elapsed } from "./timing.js";
import { dtypeOf } from "./wire.js";

/** What lives from one request to the next. */
export class Port {
  /** The arrays that came last, to be given back by inputs. */
  inputs = new Map();
}

export const OPERATIONS = new Map([
  ["hello", hello],
  ["call", call],
  ["inputs", (port) => ok(port.inputs)],
  ["null", () => ok()],
  ["time", time],
]);

function hello() {
  if (!Array.isArray(dtypes) || dtypes.some((name) => name !== "float64" && name !== "float32")) {
    const expected = '"float64", "float32" or both in an array';
    throw new RequestError(`"dtypes" in functions.js: expected ${expected}, came ${dtypes}`);
  }
  const fields = {
    name: "PORT_NAME",
    language: "JavaScript",
    version: `Node ${process.versions.node}`,
    blas: "none",
    threads: "1",
    dtypes: dtypes.join(),
    layers: "",
    operations: [...OPERATIONS.keys()].join(),
    optimizers: "",
    epsilon: "any",
    functions: [...FUNCTIONS.keys()].join(),
  };
  return { word: "ok", fields: new Map(Object.entries(fields)), arrays: new Map() };
}

/** An argument as functions.js has it: the very array, so that inputs tells what was changed in it; or a number. */
function argument(array) {
  const { shape, data } = array;
  if (shape.length > 0) return array;
  return data instanceof Uint8Array ? data[0] !== 0 : data[0];
}

/** The call that is asked for, and how its results travel. */
function bound({ arrays }, name) {
  const wanted = FUNCTIONS.get(name);
  if (wanted === undefined) throw new Unsupported(`no function ${name} in functions.js`);
  const given = [...arrays.values()];
  const floats = given.map(({ data }) => data).filter((d) => d instanceof Float64Array || d instanceof Float32Array);
  const lacking = floats.map((data) => dtypeOf(data).name).find((dtype) => !dtypes.includes(dtype));
  if (lacking !== undefined) throw new Unsupported(`no ${lacking}`);
  const Type = floats[0]?.constructor ?? Float64Array;
  const values = given.map(argument);
  return { make: () => wanted.call(...values), results: (made) => packed(name, made, wanted.results, Type) };
}

function call(port, request) {
  const { make, results } = bound(request, field(request, "function"));
  port.inputs = request.arrays;
  return ok(results(make()));
}

function timed(request) {
  const operation = field(request, "operation");
  if (operation === "null") return () => {};
  if (operation === "call") return bound(request, field(request, "function")).make;
  throw new Unsupported(`no operation ${operation} to time`);
}

function time(port, request) {
  const data = elapsed(timed(request), wholeNumber(request, "calls"), wholeNumber(request, "samples"));
  return ok(new Map([["nanoseconds", { shape: [data.length], data }]]));
}
