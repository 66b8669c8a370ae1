# Derivatives by evaluating the loss alone, as a check on those that backward computes.

"""
    central_difference(network, x, t, step = 1e-4)

(loss(p + step) - loss(p - step)) / (2 step) for every parameter: "dW1", "db1", ..., in their type.

Each parameter is moved in place and put back exactly. Source: "Deep Learning from Scratch", section 4.3.
"""
function central_difference(network::Network{T}, x, t, step = 1e-4) where {T}
    Named["d" * name => slopes(network, x, t, p, T(step)) for (name, p) in params(network)]
end

"The slope of the loss along each element of the parameter p, in the shape of p."
function slopes(network::Network, x, t, p, h)
    map(eachindex(IndexCartesian(), p)) do i
        value = p[i]
        p[i] = value + h
        above = loss(network, x, t)
        p[i] = value - h
        below = loss(network, x, t)
        p[i] = value
        (above - below) / (2h)
    end
end
