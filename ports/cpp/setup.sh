#!/bin/sh
# A compiler, make and Eigen, which is headers alone.
set -eu
cd "$(dirname "$0")"
. ../apt.sh

command -v c++ >/dev/null || apt_install g++ || { say "cpp: there is no c++ on PATH"; exit 1; }
command -v make >/dev/null || apt_install make || { say "cpp: there is no make on PATH"; exit 1; }
make --silent eigen 2>/dev/null || apt_install libeigen3-dev || { say "cpp: there is no Eigen where the Makefile looks for it"; exit 1; }
