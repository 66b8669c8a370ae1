#!/bin/sh
# What the tests need beyond the package: a browser, for those of the report. Without one they are skipped.
set -eu
cd "$(dirname "$0")/.."
. ports/apt.sh

has_browser() {
    [ -z "${GRADPARITY_BROWSER:-}" ] && ! [ -d "/Applications/Google Chrome.app" ] || return 0
    for browser in chromium chromium-browser google-chrome google-chrome-stable; do
        ! command -v $browser >/dev/null || return 0
    done
    return 1
}

has_browser || apt_install chromium ||
    say "no Chromium or Chrome: the tests of the report's page are skipped. Install one, or name it in GRADPARITY_BROWSER"
