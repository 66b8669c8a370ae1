//! The server: answers requests until their source ends.

use std::io::{BufRead, Write};

use super::request::Refusal;
use super::wire::{Arrays, Fields, Message, WireError, decode, encode};

/// What an operation gives: the fields and arrays of the reply, or why there is none.
pub type Outcome = Result<(Fields, Arrays), Refusal>;

const LONGEST_MESSAGE: usize = 1000;

/// Replies to each request with what `answer` makes of it.
pub fn serve(
    source: &mut impl BufRead,
    sink: &mut impl Write,
    mut answer: impl FnMut(Message) -> Outcome,
) -> Result<(), WireError> {
    while let Some(request) = decode(source)? {
        encode(sink, &reply(answer(request)))?;
        sink.flush()?;
    }
    Ok(())
}

fn reply(outcome: Outcome) -> Message {
    match outcome {
        Ok((fields, arrays)) => Message { word: "ok".into(), fields, arrays },
        Err(Refusal::Error(message)) => failure("error", &message),
        Err(Refusal::Unsupported(message)) => failure("unsupported", &message),
    }
}

/// The text is cut, lest it outgrow a line.
fn failure(word: &str, message: &str) -> Message {
    let message = message.chars().take(LONGEST_MESSAGE).collect();
    Message { word: word.into(), fields: vec![("message".into(), message)], ..Message::default() }
}
