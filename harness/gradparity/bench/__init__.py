"""Benchmarks that can be believed on a noisy machine. docs/methodology.md says how and why."""
