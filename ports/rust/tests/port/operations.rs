use gradparity_port::operands::OPTIMIZERS;
use gradparity_port::operations::{HANDLERS, Port};
use gradparity_port::request::Refusal;
use gradparity_port::server::Outcome;
use gradparity_port::wire::{Array, Arrays, Data, Message};

fn ask(port: &mut Port, line: &str, arrays: &Arrays) -> Outcome {
    let mut parts = line.split(' ');
    let word = parts.next().unwrap().to_string();
    let fields = parts.filter_map(|part| part.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect();
    let (_, handler) = HANDLERS.iter().find(|(name, _)| *name == word).unwrap();
    handler(port, Message { word, fields, arrays: arrays.clone() })
}

fn arrays(port: &mut Port, line: &str, arrays: &Arrays) -> Arrays {
    ask(port, line, arrays).unwrap().1
}

fn error(port: &mut Port, line: &str, arrays: &Arrays) -> String {
    match ask(port, line, arrays) {
        Err(Refusal::Error(message)) => message,
        other => panic!("{line}: expected an error, came {other:?}"),
    }
}

/// The nanoseconds of a request to time.
fn time(port: &mut Port, line: &str, inputs: &Arrays) -> Vec<f64> {
    match &arrays(port, line, inputs)[..] {
        [(name, Array { shape, data: Data::Float64(values), .. })] if name == "nanoseconds" && shape.len() == 1 => {
            values.clone()
        }
        other => panic!("{line}: {other:?}"),
    }
}

fn f64s(name: &str, shape: &[usize], values: &[f64]) -> (String, Array) {
    (name.into(), Array { shape: shape.into(), fortran_order: false, data: Data::Float64(values.into()) })
}

fn labels(values: &[i32]) -> (String, Array) {
    ("t".into(), Array { shape: vec![values.len()], fortran_order: false, data: Data::Int32(values.into()) })
}

const LOAD: &str = "load sizes=2,3,2 activation=relu dtype=float64 epsilon=0";

/// The case of docs/protocol.md.
fn case() -> Arrays {
    vec![
        f64s("x", &[1, 2], &[1.0, -2.0]),
        f64s("t", &[1, 2], &[0.0, 1.0]),
        f64s("W1", &[2, 3], &[1.0, 2.0, -1.0, 0.5, 1.5, -1.0]),
        f64s("b1", &[3], &[0.25, -0.5, 0.0]),
        f64s("W2", &[3, 2], &[1.0, -1.0, 0.5, 0.5, -1.0, 2.0]),
        f64s("b2", &[2], &[0.0, 0.5]),
    ]
}

/// The same arrays, column by column.
fn in_columns(arrays: &Arrays) -> Arrays {
    let column_by_column = |(name, array): &(String, Array)| {
        let (Data::Float64(values), &[rows, columns]) = (&array.data, &array.shape[..]) else {
            return (name.clone(), array.clone());
        };
        let values = (0..rows * columns).map(|i| values[i % rows * columns + i / rows]).collect();
        (name.clone(), Array { shape: vec![rows, columns], fortran_order: true, data: Data::Float64(values) })
    };
    arrays.iter().map(column_by_column).collect()
}

fn in_float32(arrays: &Arrays) -> Arrays {
    let single = |array: &Array| match &array.data {
        Data::Float64(values) => {
            Array { data: Data::Float32(values.iter().map(|&v| v as f32).collect()), ..array.clone() }
        }
        _ => array.clone(),
    };
    arrays.iter().map(|(name, array)| (name.clone(), single(array))).collect()
}

#[test]
fn hello_lists_every_operation() {
    let (fields, _) = ask(&mut Port::default(), "hello protocol=1", &vec![]).unwrap();
    let field = |name| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap();
    assert_eq!(
        field("operations"),
        "hello,load,layer,inputs,predict,accuracy,gradient,numerical_gradient,trace,null,time,data,train,params,\
         evaluate,update"
    );
    assert_eq!(field("optimizers"), "sgd,momentum,nesterov,adagrad,rmsprop,adam");
    assert!(fields.iter().any(|(key, value)| key == "version" && value.starts_with("1.")));
}

#[test]
fn the_session_of_the_protocol_page() {
    let port = &mut Port::default();
    assert_eq!(arrays(port, LOAD, &case()), []);
    assert_eq!(arrays(port, "predict", &vec![]), [f64s("out", &[1, 2], &[-0.75, 2.25])]);
    assert_eq!(arrays(port, "accuracy", &vec![]), [f64s("accuracy", &[], &[1.0])]);
    let gradient = arrays(port, "gradient", &vec![]);
    let Data::Float64(loss) = &gradient[0].1.data else { panic!("{gradient:?}") };
    assert!((loss[0] - 0.04858735157374196).abs() < 1e-16);
    assert_eq!(gradient[1].1.shape, [2, 3]);
    assert_eq!(
        gradient.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["loss", "dW1", "db1", "dW2", "db2"]
    );
    assert_eq!(arrays(port, "numerical_gradient step=1e-4", &vec![]).len(), 4);
    assert_eq!(arrays(port, "trace", &vec![]).len(), 13);
    assert_eq!(arrays(port, "gradient", &vec![]), gradient);
    assert_eq!(arrays(port, "inputs", &vec![]), case());
}

#[test]
fn neither_order_nor_kind_of_label_matters() {
    let mut with_labels = in_columns(&case());
    with_labels[1] = labels(&[1]);
    let cases = [case(), in_columns(&case()), with_labels];
    let gradients = cases.map(|case| {
        let port = &mut Port::default();
        arrays(port, LOAD, &case);
        arrays(port, "gradient", &vec![])
    });
    assert_eq!(gradients[0], gradients[1]);
    assert_eq!(gradients[0], gradients[2]);
}

#[test]
fn results_have_the_dtype_of_the_case() {
    let port = &mut Port::default();
    arrays(port, &LOAD.replace("float64", "float32"), &in_float32(&case()));
    for operation in ["predict", "gradient", "numerical_gradient step=0.01", "trace", "inputs"] {
        for (name, array) in arrays(port, operation, &vec![]) {
            assert!(matches!(array.data, Data::Float32(_)), "{operation} {name}: {array}");
        }
    }
    assert_eq!(arrays(port, "accuracy", &vec![]), [f64s("accuracy", &[], &[1.0])]);
}

#[test]
fn each_layer_answers_and_leaves_its_inputs_and_the_case_alone() {
    let port = &mut Port::default();
    arrays(port, LOAD, &case());
    let gradient = arrays(port, "gradient", &vec![]);
    let (x, dout) = (f64s("x", &[2, 2], &[1.0, -0.5, -2.0, 3.0]), f64s("dout", &[2, 2], &[5.0, 6.0, 7.0, 8.0]));
    let y = f64s("y", &[2, 2], &[2.0, 2.0, 3.0, 3.0]);
    let (W, b) = (f64s("W", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), f64s("b", &[2], &[1.0, 2.0]));
    let requests = [
        ("multiply", vec![x.clone(), y.clone(), dout.clone()], f64s("out", &[2, 2], &[2.0, -1.0, -6.0, 9.0])),
        ("add", vec![x.clone(), y, dout.clone()], f64s("out", &[2, 2], &[3.0, 1.5, 1.0, 6.0])),
        ("relu", vec![x.clone(), dout.clone()], f64s("out", &[2, 2], &[1.0, 0.0, 0.0, 3.0])),
        ("sigmoid", vec![f64s("x", &[], &[0.0]), f64s("dout", &[], &[4.0])], f64s("out", &[], &[0.5])),
        ("tanh", vec![f64s("x", &[], &[0.0]), f64s("dout", &[], &[4.0])], f64s("out", &[], &[0.0])),
        ("affine", vec![x.clone(), W, b, dout], f64s("out", &[2, 2], &[0.5, 2.0, 8.0, 10.0])),
        ("softmax_with_loss", vec![f64s("x", &[1, 1], &[7.0]), labels(&[0])], f64s("loss", &[], &[-0.0])),
    ];
    for (kind, inputs, out) in requests {
        let line = format!("layer kind={kind} epsilon=0");
        let results = arrays(port, &line, &inputs);
        assert_eq!(results[0], out);
        assert_eq!(arrays(port, &line, &in_columns(&inputs)), results);
        assert_eq!(arrays(port, &line, &inputs), results);
        assert_eq!(arrays(port, "inputs", &vec![]), inputs);
        assert!(arrays(port, &line, &in_float32(&inputs)).iter().all(|(_, a)| matches!(a.data, Data::Float32(_))));
    }
    assert_eq!(arrays(port, "gradient", &vec![]), gradient);
}

#[test]
fn what_is_wrong_with_a_layer_is_told() {
    let port = &mut Port::default();
    let x = f64s("x", &[1, 2], &[1.0, 2.0]);
    let b = f64s("b", &[2], &[1.0, 2.0]);
    let vector = f64s("x", &[2], &[1.0, 2.0]);
    let epsilon = "layer kind=softmax_with_loss epsilon=0";
    for (line, inputs, message) in [
        ("layer kind=affine", vec![], "expected an array x, came none"),
        ("layer kind=affine", vec![x.clone()], "expected an array b, came x"),
        (
            "layer kind=affine",
            vec![vector, b],
            "affine: expected x of (batch, channels, height, width), came shape [2]",
        ),
        (
            "layer kind=relu",
            vec![x.clone(), f64s("dout", &[2], &[1.0, 2.0])],
            "array dout: expected shape [1, 2], came [2]",
        ),
        ("layer kind=add", in_float32(&vec![x.clone()]), "expected an array y, came x"),
        ("layer", vec![x.clone()], "expected the field kind in layer"),
        ("layer kind=softmax_with_loss", vec![x.clone(), labels(&[0])], "expected the field epsilon in layer"),
        (epsilon, vec![x.clone(), labels(&[2])], "array t: expected labels from 0 to 1, came 2"),
        (epsilon, vec![x.clone(), labels(&[-1])], "array t: expected labels from 0 to 1, came -1"),
        (epsilon, vec![x.clone(), labels(&[0, 0])], "array t: expected shape [1], came [2]"),
        (epsilon, vec![x.clone(), f64s("t", &[1, 3], &[0.0; 3])], "array t: expected shape [1, 2], came [1, 3]"),
    ] {
        assert_eq!(error(port, line, &inputs), message);
    }
    let unsupported = Err(Refusal::Unsupported("no layer elu".into()));
    assert_eq!(ask(port, "layer kind=elu", &vec![x]), unsupported);
}

#[test]
fn nothing_goes_before_load() {
    for operation in [
        "inputs",
        "predict",
        "accuracy",
        "gradient",
        "numerical_gradient step=1",
        "trace",
        "time operation=gradient calls=1 samples=1",
        "params",
        "evaluate set=test",
    ] {
        assert_eq!(error(&mut Port::default(), operation, &vec![]), "nothing is loaded yet: send load first");
    }
}

#[test]
fn a_load_that_fails_says_why_and_leaves_nothing() {
    for (from, to, message) in [
        ("sizes=2,3,2", "sizes=2,4,2", "array W1: expected shape [2, 4], came [2, 3]"),
        ("sizes=2,3,2", "sizes=3,3,2", "array x: expected shape [1, 3], came [1, 2]"),
        ("sizes=2,3,2", "sizes=2,3,2,1", "expected an array W3, came x, t, W1, b1, W2, b2"),
        ("sizes=2,3,2", "sizes=2,3,2,2", "expected an array W3, came x, t, W1, b1, W2, b2"),
        ("sizes=2,3,2", "sizes=2", "expected sizes as inputs,...,classes, came 2"),
        ("sizes=2,3,2", "sizes=2,x", "expected numbers as sizes, came 2,x"),
        ("float64", "float16", "expected dtype float32 or float64, came float16"),
        ("float64", "float32", "array x: expected float32, came float64 (1, 2)"),
        ("relu", "elu", "expected the activation relu, sigmoid, tanh, came elu"),
        ("epsilon=0", "epsilon=none", "expected a number as epsilon, came none"),
        (" epsilon=0", "", "expected the field epsilon in load"),
    ] {
        let port = &mut Port::default();
        arrays(port, LOAD, &case());
        assert_eq!(error(port, &LOAD.replace(from, to), &case()), message);
        assert_eq!(error(port, "gradient", &vec![]), "nothing is loaded yet: send load first");
        arrays(port, LOAD, &case());
        assert_eq!(error(port, "numerical_gradient", &vec![]), "expected the field step in numerical_gradient");
    }
}

const TIMES: [&str; 11] = [
    "operation=predict",
    "operation=gradient",
    "operation=numerical_gradient step=1e-4",
    "operation=train_step optimizer=sgd learning_rate=0.1",
    "operation=train_step optimizer=momentum learning_rate=0.1 momentum=0.9",
    "operation=train_step optimizer=nesterov learning_rate=0.1 momentum=0.9",
    "operation=train_step optimizer=adagrad learning_rate=0.1",
    "operation=train_step optimizer=rmsprop learning_rate=0.1 decay=0.99",
    "operation=train_step optimizer=adam learning_rate=0.1 beta1=0.9 beta2=0.999",
    "operation=products affines=1",
    "operation=products affines=1,2",
];

#[test]
fn time_leaves_the_case_as_it_was() {
    let single = (LOAD.replace("float64", "float32"), in_float32(&case()));
    for (load, case) in [(LOAD.to_string(), case()), single] {
        let port = &mut Port::default();
        arrays(port, &load, &case);
        let gradient = arrays(port, "gradient", &vec![]);
        for what in TIMES {
            let nanoseconds = time(port, &format!("time {what} calls=2 samples=3"), &vec![]);
            assert!(
                nanoseconds.len() == 3 && nanoseconds.iter().all(|&sample| sample > 0.0),
                "{what}: {nanoseconds:?}"
            );
            assert_eq!(arrays(port, "inputs", &vec![]), case, "{what}");
            assert_eq!(arrays(port, "gradient", &vec![]), gradient, "{what}");
        }
    }
}

#[test]
fn time_takes_a_layer_before_any_load() {
    let port = &mut Port::default();
    let (x, dout) = (f64s("x", &[2, 2], &[1.0, -0.5, -2.0, 3.0]), f64s("dout", &[2, 2], &[5.0, 6.0, 7.0, 8.0]));
    let inputs = vec![x, dout];
    for inputs in [inputs.clone(), in_float32(&inputs), in_columns(&inputs)] {
        assert_eq!(time(port, "time operation=layer kind=sigmoid calls=2 samples=3", &inputs).len(), 3);
    }
    assert_eq!(error(port, "inputs", &vec![]), "nothing is loaded yet: send load first");
    assert_eq!(time(port, "time operation=null calls=1000 samples=2", &vec![]).len(), 2);
    assert_eq!(ask(port, "null", &vec![]), Ok((vec![], vec![])));
}

#[test]
fn what_cannot_be_timed_says_why() {
    let port = &mut Port::default();
    arrays(port, LOAD, &case());
    for (line, message) in [
        ("time operation=trace calls=1 samples=1", "no operation trace to time"),
        ("time operation=train_step calls=1 samples=1 optimizer=lion", "no optimizer lion"),
    ] {
        assert_eq!(ask(port, line, &vec![]), Err(Refusal::Unsupported(message.into())));
    }
    for (line, message) in [
        ("time operation=gradient samples=1", "expected the field calls in time"),
        ("time operation=gradient calls=1.5 samples=1", "expected a number as calls, came 1.5"),
        ("time calls=1 samples=1", "expected the field operation in time"),
        ("time operation=train_step calls=1 samples=1", "expected the field optimizer in time"),
        (
            "time operation=train_step calls=1 samples=1 optimizer=adam learning_rate=0.1 beta1=0.9",
            "expected the field beta2 in time",
        ),
        ("time operation=products calls=1 samples=1 affines=0", "expected affines of 1, 2, came 0"),
        ("time operation=products calls=1 samples=1 affines=1,3", "expected affines of 1, 2, came 3"),
        ("time operation=products calls=1 samples=1 affines=", "expected numbers as affines, came "),
        ("time operation=layer calls=1 samples=1", "expected an array x, came none"),
    ] {
        assert_eq!(error(port, line, &vec![]), message);
    }
}

/// An optimizer of this name, with its numbers.
fn optimizer(name: &str) -> String {
    let numbers = match name {
        "momentum" | "nesterov" => "learning_rate=0.1 momentum=0.5",
        "rmsprop" => "learning_rate=0.1 decay=0.5",
        "adam" => "learning_rate=0.1 beta1=0.5 beta2=0.75",
        _ => "learning_rate=0.1",
    };
    format!("optimizer={name} {numbers}")
}

fn bytes(name: &str, shape: &[usize], values: &[u8]) -> (String, Array) {
    (name.into(), Array { shape: shape.into(), fortran_order: false, data: Data::Uint8(values.into()) })
}

const DATA: &str = "data set=train scale=4";

/// Three images of two pixels.
fn images() -> Arrays {
    vec![bytes("images", &[3, 2], &[0, 1, 2, 3, 4, 5]), bytes("labels", &[3], &[1, 0, 1])]
}

fn batches(steps: usize, rows: &[i32]) -> Arrays {
    let shape = vec![steps, rows.len() / steps];
    vec![("batches".into(), Array { shape, fortran_order: false, data: Data::Int32(rows.into()) })]
}

/// A port with the case of docs/protocol.md, and a train set.
fn ready() -> Port {
    let mut port = Port::default();
    arrays(&mut port, DATA, &images());
    arrays(&mut port, LOAD, &case());
    port
}

/// The losses of a request to train.
fn losses(port: &mut Port, line: &str, inputs: &Arrays) -> Vec<f64> {
    match &arrays(port, line, inputs)[..] {
        [
            (loss, Array { data: Data::Float64(losses), shape, .. }),
            (time, Array { data: Data::Float64(taken), .. }),
        ] => {
            assert_eq!((loss.as_str(), time.as_str(), shape[0]), ("loss", "nanoseconds", losses.len()));
            assert!(taken.len() == 1 && taken[0] > 0.0);
            losses.clone()
        }
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn training_goes_on_until_the_next_load() {
    for name in OPTIMIZERS {
        let (train, port, other) = (format!("train {}", optimizer(name)), &mut ready(), &mut ready());
        let once = losses(port, &train, &batches(4, &[0, 1, 2, 0, 1, 2, 0, 1]));
        let first = losses(other, &train, &batches(1, &[0, 1]));
        arrays(other, DATA, &images()); // sets outlive a load, and a load outlives sets
        arrays(other, &format!("time operation=train_step calls=1 samples=1 {}", optimizer(name)), &vec![]);
        let rest = losses(other, &train, &batches(3, &[2, 0, 1, 2, 0, 1]));
        assert_eq!([first, rest].concat(), once, "{name}");
        let params = arrays(port, "params", &vec![]);
        assert_eq!(arrays(other, "params", &vec![]), params, "{name}");
        assert_ne!(params, case()[2..], "{name}");

        arrays(port, LOAD, &case());
        assert_eq!(arrays(port, "params", &vec![]), case()[2..]);
        assert_eq!(losses(port, &train, &batches(4, &[0, 1, 2, 0, 1, 2, 0, 1])), once, "{name}");
    }
}

#[test]
fn other_numbers_are_a_new_optimizer() {
    let (port, other) = (&mut ready(), &mut ready());
    let rows = batches(2, &[0, 1]);
    losses(port, "train optimizer=momentum learning_rate=0.1 momentum=0.5", &rows);
    losses(other, "train optimizer=momentum learning_rate=0.1 momentum=0.5", &rows);
    losses(port, "train optimizer=momentum learning_rate=0.1 momentum=0.5", &rows);
    losses(other, "train optimizer=momentum learning_rate=0.1 momentum=0.50", &rows); // the same number
    assert_eq!(arrays(port, "params", &vec![]), arrays(other, "params", &vec![]));
    losses(port, "train optimizer=momentum learning_rate=0.1 momentum=0.5", &rows);
    losses(other, "train optimizer=sgd learning_rate=0", &rows); // moves nothing, but ends the one before
    losses(other, "train optimizer=momentum learning_rate=0.1 momentum=0.5", &rows);
    assert_ne!(arrays(port, "params", &vec![]), arrays(other, "params", &vec![]));
}

#[test]
fn the_first_loss_is_that_of_the_gradient() {
    let port = &mut ready();
    let mut same = case();
    same[0] = f64s("x", &[2, 2], &[1.0, 1.25, 0.0, 0.25]);
    same[1] = labels(&[1, 1]);
    let reference = &mut Port::default();
    arrays(reference, LOAD, &same);
    let Data::Float64(loss) = &arrays(reference, "gradient", &vec![])[0].1.data else { panic!("float64") };
    let train = "train optimizer=sgd learning_rate=0.1";
    let both = losses(port, train, &batches(2, &[2, 0, 1, 1]));
    assert_eq!(both[..1], *loss);

    arrays(port, LOAD, &case());
    let mut columns = batches(2, &[2, 1, 0, 1]);
    columns[0].1.fortran_order = true;
    assert_eq!(losses(port, train, &columns), both);
}

#[test]
fn evaluate_tells_of_a_whole_set() {
    let port = &mut ready();
    let mut same = case();
    same[0] = f64s("x", &[3, 2], &[0.0, 0.25, 0.5, 0.75, 1.0, 1.25]);
    same[1] = labels(&[1, 0, 1]);
    let reference = &mut Port::default();
    arrays(reference, LOAD, &same);
    let expected =
        [arrays(reference, "gradient", &vec![])[0].clone(), arrays(reference, "accuracy", &vec![])[0].clone()];
    assert_eq!(arrays(port, "evaluate set=train", &vec![]), expected);

    let columns = |name: &str, values: &[u8]| {
        (name.into(), Array { shape: vec![3, 2], fortran_order: true, data: Data::Uint8(values.into()) })
    };
    arrays(port, "data set=test scale=4", &vec![columns("images", &[0, 2, 4, 1, 3, 5]), images()[1].clone()]);
    assert_eq!(arrays(port, "evaluate set=test", &vec![]), expected);
    arrays(port, "data set=test scale=1", &vec![bytes("images", &[1, 2], &[0, 9]), bytes("labels", &[1], &[0])]);
    assert_ne!(arrays(port, "evaluate set=test", &vec![]), expected, "a set of the same name is replaced");
    assert_eq!(arrays(port, "evaluate set=train", &vec![]), expected);
}

#[test]
fn a_trained_case_keeps_its_dtype() {
    let port = &mut Port::default();
    arrays(port, DATA, &images());
    arrays(port, &LOAD.replace("float64", "float32"), &in_float32(&case()));
    let reply = arrays(port, "train optimizer=adagrad learning_rate=0.1", &batches(2, &[0, 1, 2, 0]));
    assert!(matches!((&reply[0].1.data, &reply[1].1.data), (Data::Float32(_), Data::Float64(_))));
    let reply = arrays(port, "evaluate set=train", &vec![]);
    assert!(matches!((&reply[0].1.data, &reply[1].1.data), (Data::Float32(_), Data::Float64(_))));
    assert!(arrays(port, "params", &vec![]).iter().all(|(_, p)| matches!(p.data, Data::Float32(_))));
}

#[test]
fn update_is_one_update_of_whatever_comes() {
    let port = &mut Port::default(); // nothing need be loaded
    for (name, state) in OPTIMIZERS.into_iter().zip([&[][..], &["v"], &["v"], &["h"], &["h"], &["m", "v"]]) {
        let line = format!("update {} iteration=3", optimizer(name));
        let mut inputs = vec![f64s("p", &[2, 2], &[1.0, 2.0, 3.0, 4.0]), f64s("dp", &[2, 2], &[4.0, -1.0, 2.0, 0.5])];
        inputs.extend(state.iter().map(|state| f64s(state, &[2, 2], &[1.0, 0.25, 4.0, 9.0])));
        let after = arrays(port, &line, &inputs);
        assert_eq!(after.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [&["p"], state].concat(), "{name}");
        assert!(after.iter().all(|(_, array)| array.shape == [2, 2]));
        assert_ne!(after[0], inputs[0], "{name}");
        assert_eq!(arrays(port, &line, &in_columns(&inputs)), after, "{name}");
        let single = arrays(port, &line, &in_float32(&inputs));
        assert!(single.iter().all(|(_, array)| matches!(array.data, Data::Float32(_))), "{name}");
    }
    let vector = vec![f64s("p", &[2], &[1.0, 2.0]), f64s("dp", &[2], &[2.0, -2.0])];
    assert_eq!(
        arrays(port, "update optimizer=sgd learning_rate=0.5 iteration=1", &vector),
        [f64s("p", &[2], &[0.0, 3.0])]
    );
    let adam = format!("update {} iteration=", optimizer("adam"));
    let inputs: Arrays = ["p", "dp", "m", "v"].map(|name| f64s(name, &[1], &[1.0])).into();
    assert_ne!(arrays(port, &(adam.clone() + "1"), &inputs), arrays(port, &(adam + "2"), &inputs));
}

#[test]
fn what_is_wrong_with_training_is_told() {
    let (port, sgd) = (&mut ready(), "train optimizer=sgd learning_rate=0.1");
    let one = vec![f64s("p", &[1], &[1.0]), f64s("dp", &[1], &[1.0])];
    let update = "update optimizer=momentum learning_rate=1 momentum=1 iteration";
    let floats = vec![f64s("images", &[3, 2], &[0.0; 6]), images()[1].clone()];
    let short = vec![images()[0].clone(), bytes("labels", &[2], &[0, 0])];
    for (line, inputs, message) in [
        ("data set=all scale=1", images(), "expected the set train, validation, test, came all"),
        ("data set=train", images(), "expected the field scale in data"),
        (DATA, floats, "array images: expected uint8 of 2 dimensions, came float64 (3, 2)"),
        (DATA, short, "array labels: expected shape [3], came [2]"),
        (sgd, vec![], "expected an array batches, came none"),
        (sgd, batches(1, &[0, 3]), "array batches: expected rows from 0, of 3 images, came 3"),
        (sgd, batches(1, &[0, -1]), "array batches: expected rows from 0, of 3 images, came -1"),
        ("train optimizer=sgd", batches(1, &[0]), "expected the field learning_rate in train"),
        ("evaluate set=test", vec![], "there is no set test yet: send data first"),
        (&format!("{update}=0"), one.clone(), "expected an iteration from 1, came 0"),
        (&format!("{update}=1"), one.clone(), "expected an array v, came p, dp"),
        ("update optimizer=sgd learning_rate=1 iteration=1", vec![labels(&[1])], "expected an array p, came t"),
    ] {
        assert_eq!(error(port, line, &inputs), message);
    }
    for line in ["train optimizer=lion learning_rate=1", "update optimizer=lion iteration=1"] {
        let unsupported = Err(Refusal::Unsupported("no optimizer lion".into()));
        assert_eq!(ask(port, line, &[batches(1, &[0]), one.clone()].concat()), unsupported);
    }
    assert_eq!(arrays(port, "params", &vec![]), case()[2..], "nothing has moved");

    arrays(port, DATA, &vec![bytes("images", &[1, 3], &[0; 3]), bytes("labels", &[1], &[0])]);
    for line in [sgd, "evaluate set=train"] {
        assert_eq!(error(port, line, &batches(1, &[0])), "expected images of 2 pixels, came 3");
    }
    arrays(port, DATA, &vec![bytes("images", &[1, 2], &[0; 2]), bytes("labels", &[1], &[2])]);
    for line in [sgd, "evaluate set=train"] {
        assert_eq!(error(port, line, &batches(1, &[0])), "expected labels of images from 0 to 1, came 2");
    }
}

const ANY: &str = "load layers=convolution,max_pooling,affine,batch_norm,dropout,affine,softmax_with_loss dtype=float64 \
                   epsilon=0 weight_decay=0.5 convolution1.stride=1 convolution1.pad=0 max_pooling1.height=2 \
                   max_pooling1.width=2 max_pooling1.stride=1 max_pooling1.pad=0 batch_norm3.momentum=0.75 \
                   batch_norm3.epsilon=0.25 dropout3.ratio=0.5";

/// Two images of 3 x 3 for the layers of ANY.
fn any_case() -> Arrays {
    let numbers = |n: usize| (0..n).map(|i| (i * 7 % 5) as f64 - 1.5).collect::<Vec<_>>();
    let array = |name, shape: &[usize]| f64s(name, shape, &numbers(shape.iter().product()));
    vec![
        array("x", &[2, 1, 3, 3]),
        labels(&[1, 0]),
        array("W1", &[2, 1, 2, 2]),
        array("b1", &[2]),
        array("W2", &[2, 3]),
        array("b2", &[3]),
        array("gamma3", &[3]),
        array("beta3", &[3]),
        array("running_mean3", &[3]),
        f64s("running_var3", &[3], &[1.0, 2.0, 3.0]),
        bytes("mask3", &[2, 3], &[1, 0, 1, 1, 1, 0]),
        array("W4", &[3, 2]),
        array("b4", &[2]),
    ]
}

#[test]
fn a_network_of_any_layers_answers_and_leaves_its_inputs_alone() {
    let port = &mut Port::default();
    arrays(port, ANY, &any_case());
    let operations = ["predict", "accuracy", "gradient", "numerical_gradient step=1e-4", "trace", "params"];
    let answers = operations.map(|operation| arrays(port, operation, &vec![]));
    for what in ["gradient", "train_step optimizer=sgd learning_rate=0.1", "products affines=1,2,4"] {
        time(port, &format!("time operation={what} calls=2 samples=2"), &vec![]);
    }
    assert_eq!(operations.map(|operation| arrays(port, operation, &vec![])), answers);
    assert_eq!(arrays(port, "inputs", &vec![]), any_case());
    let held = any_case().into_iter().skip(2).filter(|(name, _)| name != "mask3").collect::<Vec<_>>();
    assert_eq!(answers[5], held);
}

#[test]
fn training_draws_masks_and_leaves_those_of_the_case() {
    let port = &mut Port::default();
    let images = bytes("images", &[2, 9], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    arrays(port, DATA, &vec![images, bytes("labels", &[2], &[1, 0])]);
    arrays(port, ANY, &any_case());
    let (train, batches) = ("train optimizer=sgd learning_rate=0.1", &batches(2, &[0, 1, 1, 1, 0, 0])[0]);
    let mask = bytes("mask3", &[2, 3, 3], &[1; 18]);
    assert_eq!(error(port, train, &vec![batches.clone()]), "expected an array mask3, came batches");
    let short = bytes("mask3", &[2, 2, 3], &[1; 12]);
    let message = "array mask3: expected shape [2, 3, 3], came [2, 2, 3]";
    assert_eq!(error(port, train, &vec![batches.clone(), short]), message);

    let losses = losses(port, train, &vec![batches.clone(), mask]);
    assert_ne!(losses[0], losses[1]);
    let inputs = arrays(port, "inputs", &vec![]);
    assert_eq!(inputs[10], any_case()[10]);
    assert_ne!(inputs[8], any_case()[8], "training moves the running mean");
    arrays(port, "gradient", &vec![]); // of a batch of another size than those of training
    assert_eq!(arrays(port, "evaluate set=train", &vec![]).len(), 2);
}

#[test]
fn what_is_wrong_with_a_network_of_any_layers_is_told() {
    for (from, to, message) in [
        ("convolution1.stride=1 ", "", "expected the field convolution1.stride in load"),
        ("convolution1.stride=1", "convolution1.stride=0", "expected convolution1.stride from 1, came 0"),
        ("max_pooling1.pad=0", "max_pooling1.pad=-1", "expected a number as max_pooling1.pad, came -1"),
        (
            "max_pooling1.height=2",
            "max_pooling1.height=3",
            "expected windows from 1 x 1 to 2 x 2, the size of the images with their zeros, came 3 x 2",
        ),
        ("weight_decay=0.5", "weight_decay=little", "expected a number as weight_decay, came little"),
        (
            ",softmax_with_loss",
            "",
            "expected layers and then softmax_with_loss or squared_error, came convolution,max_pooling,affine,batch_norm,dropout,affine",
        ),
        ("affine,batch_norm,", "squared_error,", "expected a layer that others follow, came squared_error"),
        ("affine,batch_norm", "batch_norm", "batch_norm: expected x of (batch, features), came shape [2, 2, 1, 1]"),
        (
            ",affine,batch_norm,dropout,affine",
            "",
            "softmax_with_loss: expected x of (batch, features), came shape [2, 2, 1, 1]",
        ),
    ] {
        let port = &mut Port::default();
        assert_eq!(error(port, &ANY.replace(from, to), &any_case()), message);
    }
    let port = &mut Port::default();
    for (at, array, message) in [
        (
            0,
            f64s("x", &[2, 9], &[0.0; 18]),
            "convolution: expected x of (batch, channels, height, width), came shape [2, 9]",
        ),
        (2, f64s("W1", &[1, 2, 2, 2], &[0.0; 8]), "array W1: expected shape [1, 1, 2, 2], came [1, 2, 2, 2]"),
        (4, f64s("W2", &[3, 3], &[0.0; 9]), "array W2: expected shape [2, 3], came [3, 3]"),
        (7, f64s("beta3", &[2], &[0.0; 2]), "array beta3: expected shape [3], came [2]"),
        (10, bytes("mask3", &[1, 3], &[0; 3]), "array mask3: expected shape [2, 3], came [1, 3]"),
    ] {
        let mut case = any_case();
        case[at] = array;
        assert_eq!(error(port, ANY, &case), message);
    }
    let mut unknown = ask(port, &ANY.replace("dropout,", "pooling,"), &any_case());
    assert_eq!(unknown, Err(Refusal::Unsupported("no layer pooling".into())));
    unknown = ask(port, &ANY.replace("softmax_with_loss", "hinge"), &any_case());
    assert_eq!(unknown, Err(Refusal::Unsupported("no layer hinge".into())));
    let (x, mask) = (f64s("x", &[1, 1], &[1.0]), bytes("mask", &[1, 1], &[1]));
    let one = vec![x.clone(), mask, f64s("dout", &[1, 1], &[1.0])];
    assert_eq!(error(port, "layer kind=dropout ratio=0.5", &one), "expected the field phase in layer");
    let message = "expected the phase train or test, came both";
    assert_eq!(error(port, "layer kind=dropout ratio=0.5 phase=both", &one), message);
}
