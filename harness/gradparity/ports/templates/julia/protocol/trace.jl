# Where an error was thrown, by the lines of your file and of what it includes.

const PROTOCOL = @__DIR__
const PORT = dirname(PROTOCOL)

"Whether a file is of neither Julia nor this plumbing: Julia's own are relative, or in its standard library."
is_yours(file) =
    isabspath(file) && !occursin("/stdlib/v", file) && dirname(file) != PROTOCOL && file != joinpath(PORT, "serve.jl")

"Write the error and your lines, the innermost last: only the end is shown."
function show_trace(io, error, backtrace)
    showerror(io, error)
    println(io)
    places = unique((string(frame.file), frame.line, frame.func) for frame in stacktrace(backtrace))
    yours = [place for place in places if is_yours(place[1])]
    for (file, line, name) in reverse(yours[1:min(end, 5)])
        println(io, "    $(relpath(file, PORT)):$line in $name")
    end
end
