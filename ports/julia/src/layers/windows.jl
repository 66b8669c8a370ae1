# Images and the windows that a filter sees of them. Source: section 7.2.

"Windows of this size begin `stride` pixels apart; `pad` rows and columns of zeros stand on all four sides."
struct Windows
    width::Int
    height::Int
    stride::Int
    pad::Int
end

"(width, height) of the result: how many windows images of these dims have, side by side and one below the other."
out_size(w::Windows, dims) =
    (dims[1] + 2w.pad - w.width) ÷ w.stride + 1, (dims[2] + 2w.pad - w.height) ÷ w.stride + 1

"Of the windows 1, 2, ..., count in a row those whose pixel i lies in the image of so many pixels, not in the padding."
function inside(w::Windows, i, pixels, count)
    first, last = cld(w.pad - i + 1, w.stride) + 1, fld(w.pad - i + pixels, w.stride) + 1
    clamp(first, 1, count + 1):min(last, count)
end

"""
Image n of x, (width, height, channels, batch), as windows: each is a row of `rows`, (windows, elements of a window),
so that a column of it is a part of the image.
"""
function windows!(rows, w::Windows, x, n)
    across, down = out_size(w, size(x))
    to = 0
    for c in axes(x, 3), i in 1:w.height, j in 1:w.width
        columns, lines = inside(w, j, size(x, 1), across), inside(w, i, size(x, 2), down)
        for line in 1:down
            if line in lines
                from = offset(w, x, i, j, line, c, n)
                @inbounds for k in 1:first(columns)-1
                    rows[to+k] = 0
                end
                @inbounds @simd ivdep for k in columns
                    rows[to+k] = x[from+w.stride*k]
                end
                @inbounds for k in last(columns)+1:across
                    rows[to+k] = 0
                end
            else
                @inbounds for k in 1:across
                    rows[to+k] = 0
                end
            end
            to += across
        end
    end
end

"The way back of a gradient: what is in these rows is added to image n of dx, where windows overlap, too."
function add_windows!(dx, w::Windows, rows, n)
    across, down = out_size(w, size(dx))
    to = 0
    for c in axes(dx, 3), i in 1:w.height, j in 1:w.width
        columns, lines = inside(w, j, size(dx, 1), across), inside(w, i, size(dx, 2), down)
        for line in lines
            from, row = offset(w, dx, i, j, line, c, n), to + (line - 1) * across
            @inbounds @simd ivdep for k in columns
                dx[from+w.stride*k] += rows[row+k]
            end
        end
        to += across * down
    end
end

"The pixel (i, j) of window k of a line is at this place in the memory of x, and stride * k further."
function offset(w::Windows, x, i, j, line, c, n)
    channel, row = c - 1 + size(x, 3) * (n - 1), i - 1 - w.pad + w.stride * (line - 1)
    j - w.pad - w.stride + size(x, 1) * (row + size(x, 2) * channel)
end
