#!/bin/sh
# Rust itself is its own installer's business; what it may lack is a linker, the C compiler's.
set -eu
cd "$(dirname "$0")"
. ../apt.sh

command -v cargo >/dev/null || { say "rust: there is no cargo on PATH"; exit 1; }
command -v cc >/dev/null || apt_install gcc libc6-dev || { say "rust: there is no cc on PATH to link with"; exit 1; }
