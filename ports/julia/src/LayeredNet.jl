"""
The layered network of "Deep Learning from Scratch" in Julia, and the protocol that compares it with its reference.

A computation is a row of layers; each knows how to go `forward` and how to send a gradient `backward` (chapter 5 of
the book). The first example of the book, in layers: two apples at 100 each, and a tax of 10 %.

    apples, tax = Multiply{Float64}(), Multiply{Float64}()
    price = forward(tax, forward(apples, 100.0, 2.0), 1.1)  # 220
    dapple_price, dtax = backward(tax, 1.0)                 # dtax = 200
    dapple, dnumber = backward(apples, dapple_price)        # 2.2, 110

A penny more for an apple costs 2.2 pennies, an apple more 110, and a point more of tax 200. Matrices are as in the book
too: a row is a sample.
"""
module LayeredNet

using LinearAlgebra: BLAS, dot
using Libdl: Libdl

include("layers.jl")
include("network.jl")
include("numerical.jl")
include("optimizers.jl")
include("training.jl")
include("roofline.jl")
include("wire.jl")
include("request.jl")
include("tensors.jl")
include("building.jl")
include("timing.jl")
include("server.jl")
include("operations.jl")

export Multiply, Add, Relu, Sigmoid, Tanh, Affine, BatchNorm, Dropout, Convolution, MaxPooling
export SoftmaxWithLoss, SquaredError, Network
export forward, backward, backward_parameters, training!, moved, params, held
export predict, loss, accuracy, gradient, trace, central_difference
export SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, State, state_names, update!, update_one!
export Images, batch, train!, evaluate
export elapsed, products, product_operands

function __init__()
    threads = tryparse(Int, get(ENV, "OPENBLAS_NUM_THREADS", ""))
    threads === nothing || BLAS.set_num_threads(threads)
end

include("warmup.jl")
if VERSION >= v"1.9" && ccall(:jl_generating_output, Cint, ()) == 1  # earlier ones keep no machine code
    try
        warm_up()
    catch error  # a fault in one operation is the answer to that one: the others are served all the same
        @warn "julia port: not everything could be compiled ahead" error
    end
end

end
