//! Where a panic came from, by the lines of the user's own code: for the ports that `gradparity new` makes.

use std::any::Any;
use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

/// Writes the message to stderr, and then where: only the end is shown.
pub fn trace(info: &PanicHookInfo) {
    let mut lines = yours(&Backtrace::force_capture());
    if lines.is_empty() {
        lines.extend(info.location().map(|place| format!("    at {place}")));
    }
    eprintln!("panic: {}\n{}", told(info.payload()), lines.join("\n"));
}

/// What a panic says.
pub fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or("a panic".into())
}

/// The lines of a stack that are yours, the innermost last: no registry's, and neither this protocol's nor Rust's own.
fn yours(stack: &Backtrace) -> Vec<String> {
    let foreign = ["/src/protocol/", "/src/main.rs:", "/registry/src/", "/git/checkouts/", "at /rustc/", "/rustlib/"];
    let text = stack.to_string();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let places = lines.windows(2).filter(|pair| pair[1].starts_with("at ") && pair[1].contains(".rs:"));
    let own = places.filter(|pair| !foreign.iter().any(|place| pair[1].contains(place)));
    let named = |pair: &[&str]| {
        let name = pair[0].trim_start_matches(|c: char| c.is_ascii_digit() || ": ".contains(c));
        format!("    {} in {name}", pair[1])
    };
    let mut told: Vec<_> = own.take(5).map(named).collect();
    told.reverse();
    told
}
