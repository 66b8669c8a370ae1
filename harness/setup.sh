#!/bin/sh
# The virtual environment, then what each port needs. Quick where nothing changed.
set -eu
cd "$(dirname "$0")/.."
sh harness/environment.sh
.venv/bin/gradparity setup || [ -z "${GRADPARITY_REQUIRE:-}" ]
