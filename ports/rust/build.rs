//! Hands the compiler's version to the code: a port tells it in its reply to hello, and Rust keeps none at run time.

use std::{env, process::Command};

fn main() {
    let rustc = env::var("RUSTC").expect("cargo names the compiler");
    let output = Command::new(rustc).arg("--version").output().expect("the compiler runs");
    let version = String::from_utf8(output.stdout).expect("a version is text");
    println!("cargo::rustc-env=RUSTC_VERSION={}", version.trim().trim_start_matches("rustc "));
    println!("cargo::rerun-if-changed=build.rs");
}
