# What a loss is measured against.

"The labels, counted from 1, of t: labels already, or one-hot (batch, classes)."
labels(t::Vector{Int}) = t
labels(t::Matrix) = largest_columns(t)

"For each row the column of its largest element, the first one in a tie: NumPy's `argmax(axis=1)`, NaN being largest."
function largest_columns(x::Matrix)
    best = ones(Int, size(x, 1))
    for column in 2:size(x, 2), row in axes(x, 1)
        value, record = x[row, column], x[row, best[row]]
        if value > record || (isnan(value) && !isnan(record))
            best[row] = column
        end
    end
    best
end
