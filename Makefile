# The README's commands. Each does all the set-up it needs; set-up is quick where nothing changed.

.PHONY: run quick test setup environment lint
pytest = .venv/bin/python -m pytest --numprocesses 2

run: setup
	.venv/bin/gradparity run

quick: environment
	$(pytest) --dist worksteal -m "not languages and not whole and not browser" --hypothesis-profile quick

test: setup
	sh tests/setup.sh
	$(pytest) --dist loadfile --no-loadscope-reorder

setup:
	sh harness/setup.sh

environment:
	sh harness/environment.sh

lint: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/clang-format --dry-run --Werror ports/cpp/src/*.* ports/cpp/src/layers/* ports/cpp/tests/*
	.venv/bin/clang-format --dry-run --Werror --style=file:ports/cpp/.clang-format $(addprefix harness/gradparity/ports/templates/cpp/,serve.cpp protocol/*) $(addprefix harness/gradparity/ports/function_templates/cpp/,serve.cpp protocol/*.hpp)
	cargo fmt --check --manifest-path ports/rust/Cargo.toml
	cargo clippy --quiet --all-targets --manifest-path ports/rust/Cargo.toml -- -D warnings
