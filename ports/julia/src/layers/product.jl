# The matrix products of all layers, by BLAS.

const LONGEST = 256

"""
out = a * b + kept * out, where 'T' before a matrix takes it transposed: BLAS alone, nothing is copied. `mul!` ends in
it too, but the way there takes half a second to compile, for each T, on Julia 1.5.

Sums of more than LONGEST terms go in parts: left to itself, OpenBLAS takes more at a time than the first cache of some
processors holds, at half the speed.
"""
function product!(out::AbstractMatrix{T}, a_flag, a, b_flag, b, kept = zero(T)) where {T}
    terms = size(a, a_flag == 'N' ? 2 : 1)
    terms <= LONGEST && return BLAS.gemm!(a_flag, b_flag, one(T), a, b, kept, out)
    step = cld(terms, cld(terms, LONGEST))
    for first in 1:step:terms
        part = first:min(first + step - 1, terms)
        a_part = a_flag == 'N' ? columns(a, part) : rows(a, part)
        b_part = b_flag == 'N' ? rows(b, part) : columns(b, part)
        BLAS.gemm!(a_flag, b_flag, one(T), a_part, b_part, first == 1 ? kept : one(T), out)
    end
    out
end

# With ranges both are of one type, and nothing is allocated.
rows(a, part) = view(a, part, 1:size(a, 2))
columns(a, part) = view(a, 1:size(a, 1), part)
