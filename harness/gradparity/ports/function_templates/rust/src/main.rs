//! Answers gradparity's requests with functions.rs. You need not open this file, nor those in protocol/.

use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::FromRawFd;
use std::panic;

#[allow(unused, nonstandard_style, clippy::too_many_arguments)]
mod functions;
#[allow(unused, nonstandard_style)]
#[rustfmt::skip]
mod protocol {
    pub mod arguments;
    pub mod array;
    pub mod calls;
    pub mod operations;
    pub mod request;
    pub mod server;
    pub mod timing;
    pub mod trace;
    pub mod wire;
}

use functions::Real;
use protocol::operations::{Port, is_todo};
use protocol::server::serve;
use protocol::trace::{told, trace};
use protocol::wire::WireError;

fn main() -> Result<(), WireError> {
    panic::set_hook(Box::new(|info| {
        if !is_todo(&told(info.payload())) {
            trace(info);
        }
    }));
    // SAFETY: port.toml's command opens this descriptor, and nothing else here uses it.
    let mut sink = BufWriter::with_capacity(1 << 16, unsafe { File::from_raw_fd(3) });
    let mut port = Port::default();
    serve(&mut io::stdin().lock(), &mut sink, |request| {
        port.answer(request)
    })
}
