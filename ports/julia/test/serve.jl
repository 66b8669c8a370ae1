# The server as a process: what it answers, what it keeps out of stdout, how it ends.

"(exit status, stdout, stderr) of the server for this stdin; code runs before it."
function session(stdin, code = "")
    path, io = mktemp()
    write(io, stdin)
    close(io)
    out, err = IOBuffer(), IOBuffer()
    server = ignorestatus(`$(Base.julia_cmd()) --startup-file=no -e "$code; include(\"serve.jl\")"`)
    streams = pipeline(setenv(server, dir = joinpath(@__DIR__, "..")), stdin = path, stdout = out, stderr = err)
    process = run(streams)
    process.exitcode, String(take!(out)), String(take!(err))
end

relu = written(Message("layer", ["kind" => "relu"], ["x" => [1.0 -1], "dout" => [2.0 3]]))

@testset "answers, also after what was wrong" begin
    status, out, err = session("sing\ngradient\n" * relu)
    @test (status, err) == (0, "")
    stream = IOBuffer(out)
    @test read_message(stream).word == "unsupported"
    @test read_message(stream).fields == ["message" => "nothing is loaded yet: send load first"]
    @test read_message(stream).arrays == ["out" => [1 0], "dx" => [2 0]]
    @test read_message(stream) === nothing
end

@testset "a fault of the code is told in a line, and where it was on stderr" begin
    broken = "include(\"load.jl\"); LayeredNet.loaded(::LayeredNet.Port) = sin(\"\")"
    status, out, err = session("gradient\n" * relu, broken)
    stream = IOBuffer(out)
    @test status == 0
    message = only(read_message(stream).fields).second
    @test occursin("no method matching sin", message) && !occursin('\n', message)
    @test read_message(stream).word == "ok"
    @test occursin("Stacktrace", err)
end

@testset "what is printed goes to stderr, from Julia and from C" begin
    status, out, err = session(relu, "atexit(() -> (println(:julia); ccall(:puts, Cint, (Cstring,), \"from c\")))")
    @test status == 0
    @test startswith(out, "ok arrays=out,dx\n") && !occursin("julia", out) && !occursin("from c", out)
    @test occursin("julia", err) && occursin("from c", err)
end

@testset "a broken stream ends the server with one line" begin
    for text in (relu[1:end-1], "no message\n")
        status, out, err = session(text)
        @test (status, out) == (1, "")
        @test count("\n", err) == 1 && occursin("julia port: ", err)
    end
end
