use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What the port answers when this comes on its stdin.
fn serve(input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_serve"));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the port starts");
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn it_answers_and_ends_with_its_input() {
    let output =
        serve(b"sing loudly=1\ntime operation=sing calls=1 samples=1\nlayer kind=affine\ngradient\nhello protocol=1\n");
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "");
    let lines: Vec<_> = text(&output.stdout).lines().collect();
    assert_eq!(lines[0], "unsupported message=no%20operation%20sing");
    assert_eq!(lines[1], "unsupported message=no%20operation%20sing%20to%20time");
    assert_eq!(lines[2], "error message=expected%20an%20array%20x,%20came%20none");
    assert_eq!(lines[3], "error message=nothing%20is%20loaded%20yet:%20send%20load%20first");
    assert!(lines[4].starts_with("ok name=rust language=Rust version=1."), "{}", lines[4]);
    assert_eq!(lines.len(), 5);
}

#[test]
fn a_broken_stream_is_one_line_on_stderr() {
    for (input, message) in [
        (
            &b"hello protocol=1"[..],
            "serve: expected a line of at most 65536 bytes and a newline, came 'hello protocol=1'\n",
        ),
        (b"\0\n", "serve: expected a line 'word key=value ...', came '\\x00\\n'\n"),
        (b"load arrays=x\n\x93NUM", "serve: array x: expected 8 more bytes, the stream ended before\n"),
    ] {
        let output = serve(input);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!((text(&output.stdout), text(&output.stderr)), ("", message));
    }
}

#[test]
fn answers_to_long_words_stay_short() {
    let output = serve(&[&[b'a'; 65_000][..], b"\n"].concat());
    assert!(output.status.success());
    assert!(output.stdout.len() < 4000);
}
