# The layers, one file each. Each has `forward` and `backward`; what backward needs, forward keeps.
#
# Every layer computes in the type T of its arguments (Float32 or Float64) and leaves its arguments as they are. Its
# results live in arrays of its own, which the next call fills again: copy what has to outlive that.
#
# Source: Koki Saitoh, "Deep Learning from Scratch", chapters 4 to 7.

include("layers/layer.jl")
include("layers/product.jl")
include("layers/multiply.jl")
include("layers/add.jl")
include("layers/relu.jl")
include("layers/sigmoid.jl")
include("layers/tanh.jl")
include("layers/affine.jl")
include("layers/batch_norm.jl")
include("layers/dropout.jl")
include("layers/windows.jl")
include("layers/convolution.jl")
include("layers/max_pooling.jl")
include("layers/labels.jl")
include("layers/softmax_with_loss.jl")
include("layers/squared_error.jl")

"The layers of a network by what cases and ports call them."
const KINDS = [
    "affine" => Affine,
    "relu" => Relu,
    "sigmoid" => Sigmoid,
    "tanh" => Tanh,
    "batch_norm" => BatchNorm,
    "dropout" => Dropout,
    "convolution" => Convolution,
    "max_pooling" => MaxPooling,
]

"Those of them that have parameters: they are counted."
const LEARNING = [Affine, BatchNorm, Convolution]

"What may stand at a network's end. A loss is no `Layer`: nothing follows it."
const LOSSES = ["softmax_with_loss" => SoftmaxWithLoss, "squared_error" => SquaredError]
