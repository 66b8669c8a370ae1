# What a benchmark sets beside a gradient: its matrix products alone.

"""
The matrix products of one gradient, and nothing else of it: what no implementation on this BLAS can beat.

`inputs` pairs the number of an affine layer, from 1, with its input, (batch, inputs). Each layer's own output stands
for its dout, which has the same shape; layer 1 owes no gradient of the data.
"""
function products(network::Network, inputs)
    for (i, x) in inputs
        affine = network.affines[i]
        product!(affine.out, 'N', x, 'N', affine.W)
        product!(affine.dW, 'T', x, 'N', affine.out)
        i > 1 && product!(affine.dx, 'N', affine.out, 'T', affine.W)
    end
end

"""
The inputs of these affine layers, by number from 1, in the forward pass of x. After it every array that `products`
writes to has its size.
"""
function layer_inputs(network::Network, x, numbers)
    predict(network, x)
    map(numbers) do i
        affine = network.affines[i]
        if i > 1
            affine.dx = sized(affine.dx, size(affine.x))
        end
        i => affine.x
    end
end
