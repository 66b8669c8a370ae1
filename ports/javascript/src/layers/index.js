/**
 * The layers, one file each. Each has `forward` and `backward`; what backward needs, forward keeps.
 *
 * Every layer computes in the dtype of its arguments (float32 or float64) and leaves its arguments as they are. Its
 * results live in arrays of its own, which the next call fills again: copy what has to outlive that.
 *
 * Source: Koki Saitoh, "Deep Learning from Scratch", chapters 4 to 7.
 */

export { Add } from "./add.js";
export { Affine } from "./affine.js";
export { BatchNorm } from "./batch_norm.js";
export { Convolution } from "./convolution.js";
export { Dropout } from "./dropout.js";
export { Layer } from "./layer.js";
export { MaxPooling } from "./max_pooling.js";
export { Multiply } from "./multiply.js";
export { Relu } from "./relu.js";
export { Sigmoid } from "./sigmoid.js";
export { SoftmaxWithLoss } from "./softmax_with_loss.js";
export { SquaredError } from "./squared_error.js";
export { Tanh } from "./tanh.js";
export { labels } from "./target.js";
