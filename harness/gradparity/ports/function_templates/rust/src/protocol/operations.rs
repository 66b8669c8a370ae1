//! The protocol's operations: each answers a request by calls of functions.rs.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::arguments::{Argument, Reply};
use super::calls::{CALLS, Call};
use super::request::{Element, Refusal, field, number};
use super::server::Outcome;
use super::timing::elapsed;
use super::trace::told;
use super::wire::{Array, Data, Message};
use crate::Real;

/// Whether a panic is that of `todo!` or `unimplemented!`.
pub fn is_todo(panic: &str) -> bool {
    panic.starts_with("not yet implemented") || panic.starts_with("not implemented")
}

fn hello() -> Outcome {
    let functions: Vec<_> = CALLS.iter().map(|call| call.0).collect();
    let about = [
        ("name", "PORT_NAME"),
        ("language", "Rust"),
        ("version", "edition 2024"),
        ("blas", "none"),
        ("threads", "1"),
        ("dtypes", Real::DTYPE),
        ("layers", ""),
        ("operations", "hello,call,inputs,null,time"),
        ("optimizers", ""),
        ("epsilon", "any"),
        ("functions", &functions.join(",")),
    ];
    Ok((about.iter().map(|&(key, value)| (key.into(), value.into())).collect(), vec![]))
}

fn not_written<T>(request: &Message) -> Result<T, Refusal> {
    Err(Refusal::Unsupported(format!("{} is not written yet", field(request, "function")?)))
}

#[derive(Default)]
pub struct Port {
    /// Of the last call, to be given back by inputs.
    names: Vec<String>,
    arguments: Vec<Argument>,
}

impl Port {
    /// The call that is asked for; its arguments are kept.
    fn take(&mut self, request: &Message) -> Result<Call, Refusal> {
        let name = field(request, "function")?;
        let Some(&(_, takes, call)) = CALLS.iter().find(|call| call.0 == name) else { return not_written(request) };
        let came = request.arrays.len();
        if came != takes {
            return Err(Refusal::Error(format!("{name}: expected {takes} arguments, came {came}")));
        }
        self.arguments = request.arrays.iter().map(|(_, array)| Argument::new(array)).collect::<Result<_, _>>()?;
        self.names = request.arrays.iter().map(|(name, _)| name.clone()).collect();
        Ok(call)
    }

    /// Nanoseconds of so many calls, so many times.
    fn time(&mut self, request: &Message) -> Outcome {
        let (calls, samples) = (number(request, "calls")?, number(request, "samples")?);
        let nanoseconds = match field(request, "operation")? {
            "null" => elapsed(|| black_box(()), calls, samples),
            "call" => {
                let (call, mut reply) = (self.take(request)?, Reply { wanted: false, arrays: vec![] });
                elapsed(|| call(black_box(&self.arguments), &mut reply), calls, samples)
            }
            other => return Err(Refusal::Unsupported(format!("no operation {other} to time"))),
        };
        let array = Array { shape: vec![samples], fortran_order: false, data: Data::Float64(nanoseconds) };
        Ok((vec![], vec![("nanoseconds".into(), array)]))
    }

    fn operation(&mut self, request: &Message) -> Outcome {
        match request.word.as_str() {
            "hello" => hello(),
            "call" => {
                let (call, mut reply) = (self.take(request)?, Reply { wanted: true, arrays: vec![] });
                call(&self.arguments, &mut reply);
                Ok((vec![], reply.arrays))
            }
            "inputs" => {
                let arrays = self.arguments.iter().map(Argument::to_wire);
                Ok((vec![], self.names.iter().cloned().zip(arrays).collect()))
            }
            "null" => Ok((vec![], vec![])),
            "time" => self.time(request),
            other => Err(Refusal::Unsupported(format!("no operation {other}"))),
        }
    }

    /// A panic is an answer, too.
    pub fn answer(&mut self, request: Message) -> Outcome {
        let answer = catch_unwind(AssertUnwindSafe(|| self.operation(&request)));
        answer.unwrap_or_else(|panic| match told(&*panic) {
            text if is_todo(&text) => not_written(&request),
            text => Err(Refusal::Error(text)),
        })
    }
}
