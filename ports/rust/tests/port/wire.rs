use gradparity_port::request::row_by_row;
use gradparity_port::wire::{Array, Data, Message, decode, encode};

fn bytes(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes, message).unwrap();
    bytes
}

fn refused(bytes: &[u8]) -> String {
    match decode(&mut &*bytes) {
        Ok(message) => panic!("taken for a message: {message:?}"),
        Err(error) => error.to_string(),
    }
}

fn message() -> Message {
    let array = |shape: &[usize], fortran_order, data| Array { shape: shape.into(), fortran_order, data };
    Message {
        word: "load".into(),
        fields: vec![("empty".into(), String::new()), ("text".into(), "100 % \u{e9}\n=".into())],
        arrays: vec![
            ("scalar".into(), array(&[], false, Data::Float64(vec![-0.0]))),
            ("row".into(), array(&[1, 3], true, Data::Float32(vec![1.5, f32::INFINITY, 1e-45]))),
            ("C".into(), array(&[2, 3], false, Data::Float64(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))),
            ("F".into(), array(&[2, 3], true, Data::Float64(vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0]))),
            ("C3".into(), array(&[2, 3, 4], false, Data::Int32((0..24).collect()))),
            ("F3".into(), array(&[2, 3, 4], true, Data::Int32((0..24).collect()))),
            ("C4".into(), array(&[2, 1, 3, 2], false, Data::Float32((0u8..12).map(f32::from).collect()))),
            ("F4".into(), array(&[2, 1, 3, 2], true, Data::Uint8((0..12).collect()))),
            ("C32".into(), array(&[1; 32], false, Data::Float64(vec![7.0]))),
            ("none4".into(), array(&[2, 0, 3, 4], true, Data::Float64(vec![]))),
            ("none".into(), array(&[0], false, Data::Float32(vec![]))),
            ("t".into(), array(&[4], false, Data::Int32(vec![0, -1, i32::MAX, i32::MIN]))),
            ("images".into(), array(&[2, 3], true, Data::Uint8(vec![0, 1, 127, 128, 254, 255]))),
            ("long".into(), array(&[20_000], false, Data::Float64((0..20_000).map(f64::from).collect()))),
        ],
    }
}

#[test]
fn what_is_written_is_read() {
    let two = [bytes(&message()), bytes(&message())].concat();
    let mut source = &two[..];
    assert_eq!(decode(&mut source).unwrap(), Some(message()));
    assert_eq!(decode(&mut source).unwrap(), Some(message()));
    assert_eq!(decode(&mut source).unwrap(), None);
}

#[test]
fn elements_come_row_by_row_in_either_order() {
    let array = |shape: &[usize], fortran_order, data| Array { shape: shape.into(), fortran_order, data };
    let count = || Data::Int32((0..24).collect());
    assert_eq!(row_by_row(&array(&[2, 3, 4], false, count())), Some((0..24).collect::<Vec<i32>>()));
    // Element (i, j, k) is at i + 2 j + 6 k, where the first index runs fastest.
    let from_3d = (0..24).map(|at| at / 12 + at / 4 % 3 * 2 + at % 4 * 6).collect::<Vec<i32>>();
    assert_eq!(row_by_row(&array(&[2, 3, 4], true, count())), Some(from_3d));
    // Element (i, 0, j, k) is at i + 3 j + 6 k.
    let from_4d = (0..24).map(|at| at / 8 + at / 4 % 2 * 3 + at % 4 * 6).collect::<Vec<i32>>();
    assert_eq!(row_by_row(&array(&[3, 1, 2, 4], true, count())), Some(from_4d));
    assert_eq!(row_by_row(&array(&[], true, Data::Float64(vec![2.5]))), Some(vec![2.5]));
    assert_eq!(row_by_row(&array(&[2, 0, 3], true, Data::Float64(vec![]))), Some(Vec::<f64>::new()));
    assert_eq!(row_by_row::<f64>(&array(&[2, 3, 4], true, count())), None);
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let array = Array { shape: vec![1, 2], fortran_order: false, data: Data::Float64(vec![1.0, -2.0]) };
    let message =
        Message { word: "ok".into(), fields: vec![("note".into(), "a b%".into())], arrays: vec![("x".into(), array)] };
    let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }");
    let mut expected = b"ok note=a%20b%25 arrays=x\n\x93NUMPY\x01\x00\x76\x00".to_vec();
    expected.extend(header.bytes().chain(1f64.to_le_bytes()).chain((-2f64).to_le_bytes()));
    assert_eq!(bytes(&message), expected);
}

fn record(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"load arrays=x\n\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend([header.as_bytes(), data].concat());
    bytes
}

#[test]
fn headers_of_other_writers_are_read() {
    let bytes = record("{\"shape\":(2,),\"fortran_order\":True,\"descr\":\"<i4\"}\n", &[1, 0, 0, 0, 2, 0, 0, 0]);
    let array = Array { shape: vec![2], fortran_order: true, data: Data::Int32(vec![1, 2]) };
    assert_eq!(decode(&mut &bytes[..]).unwrap().unwrap().arrays, [("x".into(), array.clone())]);

    let mut version2 = bytes.clone();
    version2[20] = 2;
    version2.splice(24..24, [0, 0]);
    assert_eq!(decode(&mut &version2[..]).unwrap().unwrap().arrays, [("x".into(), array)]);
}

#[test]
fn a_stream_that_ends_anywhere_is_refused() {
    let mut message = message();
    message.arrays.truncate(12); // the rest is long
    let whole = bytes(&message);
    for length in 1..whole.len() {
        refused(&whole[..length]);
    }
    assert!(refused(&whole[..whole.len() - 1]).contains("array t: expected 16 more bytes"));
}

#[test]
fn malformed_lines_are_refused() {
    let lines = [
        "\n",
        " hello\n",
        "hello \n",
        "hello  a=1\n",
        "hell0\n",
        "hello protocol\n",
        "hello =1\n",
        "hello a=1 a=2\n",
        "hello a=%2\n",
        "hello a=%zz\n",
        "hello a=%+1\n",
        "hello a=%FF\n",
        "load arrays=\n",
        "load arrays=x,\n",
        "load arrays=x,x\n",
        "load arrays=x a=1\n",
        "hello",
    ];
    for line in lines {
        assert!(refused(line.as_bytes()).starts_with("expected "), "{line:?}");
    }
    assert!(refused(b"hello a=\xff\n").contains("UTF-8"));
    assert!(refused(&[b'a'; 70_000]).contains("at most 65536 bytes"));
}

#[test]
fn malformed_records_are_refused() {
    let headers = [
        "",
        "{}",
        "(2,)",
        "{'descr': '<f8', 'fortran_order': False}",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': ()}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,,2)}",
        "{'descr': '<f8' 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': () 'x': 1}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (), 'more': 1}",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}",
    ];
    for header in headers {
        assert!(refused(&record(header, &[0; 64])).contains("array x: not a valid .npy header"), "{header}");
    }
    for descr in ["|O", ">f8", "<i8", "<c16", "|i1", "<u1"] {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (), }}");
        assert!(refused(&record(&header, &[0; 64])).contains("expected dtype <f8, <f4, <i4 or |u1"), "{descr}");
    }
    let ones = |dimensions| format!("({})", vec!["1"; dimensions].join(", "));
    for shape in [&ones(33), &ones(400), "(4294967296, 4294967296)", "(2000000000,)"] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
        assert!(refused(&record(&header, &[0; 64])).contains("expected at most"), "{shape}");
    }
    assert!(refused(b"load arrays=x\n\x93NUMPX\x01\x00\x00\x00").contains("beginning with"));
    assert!(refused(b"load arrays=x\n\x93NUMPY\x02\x00\xff\xff\xff\xff").contains("at most 4096"));
}
