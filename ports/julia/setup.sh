#!/bin/sh
# A Julia: juliacall's own where the network allows, else a julia on PATH, else Debian's. $1: the Python with juliacall.
set -eu
cd "$(dirname "$0")"
. ../apt.sh
python=$1

# juliacall fetches a current Julia and its packages on first use; without a network it says so at once.
say "julia: asking juliacall for its Julia (the first time it downloads one)"
log=$(mktemp)
if PYTHON_JULIACALL_HANDLE_SIGNALS=no "$python" -c 'import juliacall' >"$log" 2>&1; then
    rm -f "$log"
    exit 0
fi
say "julia: juliacall cannot have one here ($(tail -n 1 "$log" | cut -c 1-100))"
rm -f "$log"

if command -v julia >/dev/null; then
    say "julia: going on with $(julia --version) on PATH"
    exit 0
fi

# Debian 11 was the last with a Julia. Its suite is read from the machine's own mirror through configuration of this call
# alone, with a low priority: nothing is left behind that would let other packages be upgraded from it.
debian_11() {
    command -v apt-get >/dev/null && as_root true || return 1
    apt_get update || return 1
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || return 1
    private=$(mktemp -d)
    trap 'as_root rm -rf "$private"' EXIT
    mkdir -p "$private/sources" "$private/lists/partial"
    cp /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources "$private/sources/" 2>/dev/null || true
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    signed=$([ -f $keyring ] && echo "[signed-by=$keyring]" || true)
    echo "deb $signed $mirror bullseye main" >"$private/sources/bullseye.list"
    printf 'Package: *\nPin: release n=bullseye\nPin-Priority: 100\n' >"$private/preferences"
    chmod -R a+rX "$private"
    set -- -o "Dir::Etc::SourceParts=$private/sources" -o "Dir::State::Lists=$private/lists" \
        -o "Dir::Etc::Preferences=$private/preferences" -o Acquire::Check-Valid-Until=false
    say "installing julia with apt, from the bullseye suite of the same mirror"
    apt_get "$@" update && apt_get "$@" install --no-install-recommends julia
}
debian_11 || { say "julia: there is no julia on PATH, and apt cannot provide one here"; exit 1; }
