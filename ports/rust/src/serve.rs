//! Answers requests on stdin until it closes.

use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use gradparity_port::operations::{HANDLERS, Port};
use gradparity_port::request::Refusal;
use gradparity_port::server::{Outcome, serve};
use gradparity_port::wire::{Message, WireError};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("serve: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), WireError> {
    let mut sink = take_stdout()?;
    let mut port = Port::default();
    serve(&mut io::stdin().lock(), &mut sink, |request| answer(&mut port, request))
}

/// stdout belongs to the protocol: whatever else prints there goes to stderr from here on.
fn take_stdout() -> io::Result<BufWriter<File>> {
    let stdout = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(BufWriter::new(stdout.into()))
}

fn answer(port: &mut Port, request: Message) -> Outcome {
    let Some((_, handler)) = HANDLERS.iter().find(|(name, _)| *name == request.word) else {
        return Err(Refusal::Unsupported(format!("no operation {}", request.word)));
    };
    // Requests are checked, so nothing should panic; what does all the same is an answer too, but may have left its work
    // half done.
    catch_unwind(AssertUnwindSafe(|| handler(port, request))).unwrap_or_else(|_| {
        *port = Port::default();
        Err(Refusal::Error("the operation panicked, as stderr tells; nothing is loaded any more".into()))
    })
}
