// The layers, a file each. Each has `forward` and `backward`; what backward needs of its own results, forward keeps.
// They are compiled once, in layers.cpp.
//
// Source: Koki Saitoh, "Deep Learning from Scratch", chapters 4 to 7.

#pragma once

#include "layers/add.hpp"
#include "layers/affine.hpp"
#include "layers/batch_norm.hpp"
#include "layers/convolution.hpp"
#include "layers/dropout.hpp"
#include "layers/max_pooling.hpp"
#include "layers/multiply.hpp"
#include "layers/relu.hpp"
#include "layers/sigmoid.hpp"
#include "layers/softmax_with_loss.hpp"
#include "layers/squared_error.hpp"
#include "layers/tanh.hpp"
