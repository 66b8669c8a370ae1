#!/bin/sh
# The virtual environment .venv with gradparity installed editable: Python, and nothing else. Quick where nothing changed.
set -eu
cd "$(dirname "$0")/.."
. ports/apt.sh
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    { say "gradparity needs Python 3.11 or newer: set PYTHON to one"; exit 3; }
if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    "$python" -m venv --clear .venv >/dev/null 2>&1 ||
        { apt_install python3-venv && "$python" -m venv --clear .venv; } ||
        { say "cannot make a virtual environment with $python: install its venv module (Debian: python3-venv)"; exit 3; }
fi
if ! [ .venv/installed -nt pyproject.toml ]; then
    say "installing gradparity and its Python packages into .venv"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
    touch .venv/installed
fi
