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
        images, filters, all_kept = ones(T, 3, 1, 4, 4), ones(T, 2, 1, 3, 3), ones(UInt8, 3, 2)
        windows = ["height" => "2", "width" => "2", "stride" => "2", "pad" => "0"]
        for kind in ("multiply", "add", "relu", "sigmoid", "tanh"), x in (x, images)
            layer(["kind" => kind], Named["x" => x, "y" => x, "dout" => x])
        end
        layer(["kind" => "affine"], Named["x" => x, "W" => W, "b" => b, "dout" => x])
        layer(["kind" => "affine"], Named["x" => images, "W" => ones(T, 16, 2), "b" => b, "dout" => x])
        layer(["kind" => "convolution", "stride" => "1", "pad" => "0"],
              Named["x" => images, "W" => filters, "b" => b, "dout" => ones(T, 3, 2, 2, 2)])
        layer(["kind" => "max_pooling"; windows], Named["x" => images, "dout" => ones(T, 3, 1, 2, 2)])
        norm = Named["gamma" => b, "beta" => b, "running_mean" => b, "running_var" => b]
        for phase in ("train", "test")
            layer(["kind" => "batch_norm", "momentum" => "0.9", "epsilon" => "0.1", "phase" => phase],
                  Named["x" => x; norm; "dout" => x])
            layer(["kind" => "dropout", "ratio" => "0.5", "phase" => phase],
                  Named["x" => x, "mask" => all_kept, "dout" => x])
            layer(["kind" => "dropout", "ratio" => "0.5", "phase" => phase],
                  Named["x" => images, "mask" => ones(UInt8, size(images)), "dout" => images])
        end
        dtype = ["dtype" => lowercase(string(T)), "epsilon" => "0"]
        function network(fields, arrays)
            ask("load", [fields; dtype], arrays)
            for word in ("inputs", "predict", "accuracy", "gradient", "numerical_gradient", "trace")
                ask(word, ["step" => "1e-4"])
            end
            for operation in TIMED
                operation == "layer" || ask("time", ["operation" => operation; once; settings])
            end
        end
        for (kind, _) in LOSSES
            whole = ["layers" => "convolution,relu,max_pooling,dropout,affine,batch_norm,$kind",
                     "weight_decay" => "0.1", "batch_norm3.momentum" => "0.9", "batch_norm3.epsilon" => "0.1",
                     "dropout1.ratio" => "0.5", "convolution1.stride" => "1", "convolution1.pad" => "0",
                     ("max_pooling1.$name" => value for (name, value) in windows)...]
            arrays = Named["x" => images, "t" => Int32[0, 1, 1], "W1" => filters, "b1" => b, "W2" => W, "b2" => b,
                           "mask1" => ones(UInt8, 3, 2, 1, 1), (name * "3" => array for (name, array) in norm)...]
            layer(["kind" => kind, "epsilon" => "0"], Named["x" => x, "t" => Int32[0, 1, 1]])
            network(whole, arrays)
        end
        for t in (Int32[0, 1, 1], x), activation in ("relu", "sigmoid", "tanh")
            layer(["kind" => "softmax_with_loss", "epsilon" => "0"], Named["x" => x, "t" => t])
            network(["sizes" => "2,2,2", "activation" => activation],
                    Named["x" => x, "t" => t, "W1" => W, "b1" => b, "W2" => W, "b2" => b])
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
