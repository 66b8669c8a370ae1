/** Networks as a load describes them: by a list of layers, or by sizes and an activation. */

import { Its, LAYERS, LOSSES, makeLayer, makeLoss } from "./kinds.js";
import { Dropout } from "./layers/index.js";
import { Network } from "./network.js";
import { matrix } from "./operands.js";
import { RequestError, Unsupported, field, find, number, wholeNumbers } from "./request.js";
import { tuple } from "./wire.js";

/** @typedef {import("./layers/index.js").Layer} Layer */
/** @typedef {import("./request.js").FloatType} FloatType */
/** @typedef {import("./wire.js").Message} Message */

const WITH_PARAMS = ["affine", "batch_norm", "convolution"];
const ACTIVATIONS = ["relu", "sigmoid", "tanh"];

/**
 * The kinds of layers of a network; its loss; and how many inputs it has, and outputs each affine layer, where that is
 * known already.
 *
 * @typedef {{ kinds: string[], last: string, inputs?: number, outputs: number[] }} Outline
 */

/**
 * The network that a load describes, and its x; its number of classes; and its dropout layers, each with the name and
 * the shape of its mask.
 *
 * @param {Message} request
 * @param {FloatType} Type
 */
export function makeNetwork(request, Type) {
  const { kinds, last, inputs, outputs } = request.fields.has("layers") ? listed(request) : dense(request);
  const isImages = inputs === undefined && find(request, "x").shape.length === 4;
  const x = matrix(request, "x", Type, isImages ? new Array(4).fill(undefined) : [undefined, inputs]);
  /** @type {Layer[]} */
  const layers = [];
  let { shape } = x;
  /** @type {{ name: string, layer: Dropout, shape: number[] }[]} */
  const masks = [];
  let count = 0;
  for (const kind of kinds) {
    count += Number(WITH_PARAMS.includes(kind));
    const name = `${kind}${count}`;
    const its = new Its(request, Type, name, `${name}.`, String(count), outputs[count - 1]);
    const layer = makeLayer(kind, its, shape);
    if (layer instanceof Dropout) {
      masks.push({ name: `mask${count}`, layer, shape });
    }
    layers.push(layer);
    shape = layer.outShape(shape);
  }
  if (shape.length !== 2) {
    throw new RequestError(`${last}: expected (batch, classes), came ${tuple(shape)}`);
  }
  const weightDecay = request.fields.has("weight_decay") ? number(request, "weight_decay") : 0;
  return { x, network: new Network(layers, makeLoss(last, request), weightDecay), classes: shape[1], masks };
}

/**
 * What the field `layers` lists.
 *
 * @param {Message} request
 * @returns {Outline}
 */
function listed(request) {
  const kinds = field(request, "layers").split(",");
  const unknown = kinds.find((kind) => !LAYERS.includes(kind) && !LOSSES.includes(kind));
  if (unknown !== undefined) {
    throw new Unsupported(`no layer ${unknown} in a network`);
  }
  const last = String(kinds.pop());
  if (kinds.length === 0 || !LOSSES.includes(last) || kinds.some((kind) => LOSSES.includes(kind))) {
    throw new RequestError(
      `expected layers, and at their end alone ${LOSSES.join(" or ")}, came ${field(request, "layers")}`,
    );
  }
  return { kinds, last, outputs: [] };
}

/**
 * Affine layers of these sizes with an activation between each two.
 *
 * @param {Message} request
 * @returns {Outline}
 */
function dense(request) {
  const sizes = wholeNumbers(request, "sizes");
  if (sizes.length < 2) {
    throw new RequestError(`expected sizes as inputs,...,classes, came ${field(request, "sizes")}`);
  }
  const activation = field(request, "activation");
  if (!ACTIVATIONS.includes(activation)) {
    throw new RequestError(`expected the activation relu, sigmoid or tanh, came ${activation}`);
  }
  const [inputs, ...outputs] = sizes;
  const kinds = outputs.flatMap(() => [activation, "affine"]).slice(1);
  return { kinds, last: "softmax_with_loss", inputs, outputs };
}
