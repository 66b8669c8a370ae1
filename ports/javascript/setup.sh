#!/bin/sh
# Node.js; the port needs nothing else.
set -eu
cd "$(dirname "$0")"
. ../apt.sh

command -v node >/dev/null || apt_install nodejs || { say "javascript: there is no node on PATH"; exit 1; }
node --eval 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' ||
    { say "javascript: expected Node.js 18 or later, came $(node --version)"; exit 1; }
