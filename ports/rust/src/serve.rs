//! Answers requests on stdin until it closes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use gradparity_port::operations::{HANDLERS, Outcome, Port};
use gradparity_port::request::Refusal;
use gradparity_port::wire::{Message, WireError, decode, encode};

fn main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve() -> Result<(), WireError> {
    let mut sink = take_stdout()?;
    let mut source = io::stdin().lock();
    let mut port = Port::default();
    while let Some(request) = decode(&mut source)? {
        encode(&mut sink, &answer(&mut port, request))?;
        sink.flush()?;
    }
    Ok(())
}

/// stdout belongs to the protocol: whatever else prints there goes to stderr from here on.
fn take_stdout() -> io::Result<BufWriter<File>> {
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(BufWriter::new(stdout.into()))
}

fn answer(port: &mut Port, request: Message) -> Message {
    let Some((_, handler)) = HANDLERS.iter().find(|(name, _)| *name == request.word) else {
        return failure("unsupported", &format!("no operation {}", request.word));
    };
    // Requests are checked, so nothing should panic; what does all the same is an answer too, but may have left its work
    // half done.
    let outcome: Outcome = catch_unwind(AssertUnwindSafe(|| handler(port, request))).unwrap_or_else(|_| {
        *port = Port::default();
        Err(Refusal::Error("the operation panicked, as stderr tells; nothing is loaded any more".into()))
    });
    match outcome {
        Ok((fields, arrays)) => Message { word: "ok".into(), fields, arrays },
        Err(Refusal::Error(message)) => failure("error", &message),
        Err(Refusal::Unsupported(message)) => failure("unsupported", &message),
    }
}

/// The text is cut, lest it outgrow a line.
fn failure(word: &str, message: &str) -> Message {
    let message = message.chars().take(1000).collect();
    Message { word: word.into(), fields: vec![("message".into(), message)], ..Message::default() }
}
