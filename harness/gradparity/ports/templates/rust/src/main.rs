//! Answers gradparity's requests with my_network.rs. You need not open this file, nor those in protocol/.

use std::fs::File;
use std::io::{self, BufWriter};
use std::os::fd::FromRawFd;
use std::panic;

#[allow(unused, clippy::too_many_arguments, clippy::type_complexity)]
mod my_network;
#[allow(unused)]
mod protocol {
    pub mod array;
    pub mod layer;
    pub mod model;
    pub mod operations;
    pub mod optimizer;
    pub mod reading;
    pub mod request;
    pub mod server;
    pub mod timing;
    pub mod trace;
    pub mod wire;
}

use my_network::Real;
use protocol::operations::Port;
use protocol::server::serve;
use protocol::trace::trace;
use protocol::wire::WireError;

fn main() -> Result<(), WireError> {
    panic::set_hook(Box::new(trace));
    // SAFETY: port.toml's command opens this descriptor, and nothing else here uses it.
    let mut output = BufWriter::with_capacity(1 << 16, unsafe { File::from_raw_fd(3) });
    let mut port = Port::default();
    serve(&mut io::stdin().lock(), &mut output, |request| port.answer(request))
}
