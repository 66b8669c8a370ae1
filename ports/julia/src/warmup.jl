# What runs when Julia precompiles the package: what it has compiled by then, no session has to compile again.

"Ask for every operation in both types, over the wire."
function warm_up()
    port = Port()
    function ask(word, fields = [], arrays = [])
        request = over_the_wire(Message(word, fields, arrays))
        i = findfirst(pair -> pair.first == word, OPERATIONS)
        over_the_wire(OPERATIONS[i].second(port, request))
    end
    once = ["calls" => "1", "samples" => "1"]
    settings = ["step" => "1e-4", "optimizer" => "sgd", "learning_rate" => "0.01", "affines" => "1,2"]
    numbers = unique(string(name) => "0.5" for (_, kind) in OPTIMIZERS for name in fieldnames(kind))
    function layer(fields, arrays)
        ask("layer", fields, arrays)
        ask("time", ["operation" => "layer"; once; fields], arrays)
    end
    ask("hello")
    ask("null")
    ask("data", ["set" => "train", "scale" => "255"], Named["images" => UInt8[0 255], "labels" => UInt8[1]])
    for T in (Float64, Float32)
        x, W, b = T[1 2; 3 4; 5 6], T[1 2; 3 4], T[1, 2]
        for kind in ("multiply", "add", "relu", "sigmoid", "tanh")
            layer(["kind" => kind], Named["x" => x, "y" => x, "dout" => x])
        end
        layer(["kind" => "affine"], Named["x" => x, "W" => W, "b" => b, "dout" => x])
        for t in (Int32[0, 1, 1], x), activation in keys(ACTIVATIONS)
            layer(["kind" => "softmax_with_loss", "epsilon" => "0"], Named["x" => x, "t" => t])
            fields = ["sizes" => "2,2,2", "activation" => activation, "dtype" => lowercase(string(T)), "epsilon" => "0"]
            ask("load", fields, Named["x" => x, "t" => t, "W1" => W, "b1" => b, "W2" => W, "b2" => b])
            for word in ("inputs", "predict", "accuracy", "gradient", "numerical_gradient", "trace")
                ask(word, ["step" => "1e-4"])
            end
            for operation in TIMED
                operation == "layer" || ask("time", ["operation" => operation; once; settings])
            end
        end
        for (name, kind) in OPTIMIZERS
            fields = ["optimizer" => name; "iteration" => "1"; numbers]
            ask("train", fields, Named["batches" => Int32[0 0]])
            for p in (x, b)
                ask("update", fields, Named["p" => p, "dp" => p, (key => zero(p) for key in state_names(kind()))...])
            end
        end
        ask("params")
        ask("evaluate", ["set" => "train"])
    end
end

"The message after a way through a stream like those of the server."
over_the_wire(message) = mktemp() do path, io
    write_message(io, message)
    seekstart(io)
    read_message(io)
end
