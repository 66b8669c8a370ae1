include("../load.jl")
using Test

@testset "LayeredNet" begin
    @testset "$file" for file in
            ("layers", "network", "optimizers", "training", "timing", "wire", "operations", "serve")
        include("$file.jl")
    end
end
