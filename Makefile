# The README's commands. Each does all the set-up it needs; set-up is quick where nothing changed.

.PHONY: run test setup lint

run: setup
	.venv/bin/gradparity run

test: setup
	sh tests/setup.sh
	.venv/bin/python -m pytest --numprocesses 2 --dist loadfile

setup:
	sh harness/setup.sh

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/clang-format --dry-run --Werror ports/cpp/src/* ports/cpp/tests/*
	cargo fmt --check --manifest-path ports/rust/Cargo.toml
	cargo clippy --quiet --all-targets --manifest-path ports/rust/Cargo.toml -- -D warnings
