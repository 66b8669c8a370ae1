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

# Debian's is the last resort, and not every one survives: with Debian 12's libunwind, Debian 11's Julia dies at the
# first exception.
wrapper=$(dirname "$python")/julia
works() { "$1" --startup-file=no -e 'try error() catch end' >/dev/null 2>&1; }
for julia in "$wrapper" julia; do
    if command -v "$julia" >/dev/null && works "$julia"; then
        say "julia: going on with $("$julia" --version), $(command -v "$julia")"
        exit 0
    fi
done

# Debian 11 was the last with a Julia. Its suite is read from the machine's own mirror through configuration of these calls
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
    chmod -R a+rwX "$private"
    set -- -o "Dir::Etc::SourceParts=$private/sources" -o "Dir::State::Lists=$private/lists" \
        -o "Dir::Etc::Preferences=$private/preferences" -o Acquire::Check-Valid-Until=false
    say "julia: installing Debian 11's with apt, from the same mirror"
    apt_get "$@" update && apt_get "$@" install --no-install-recommends julia || return 1
    works julia || private_libunwind "$@"
}

# Debian 11's libunwind, for its Julia alone: unpacked beside this Python, and a `julia` there that uses it.
private_libunwind() {
    libraries=$(dirname "$wrapper")/../lib/julia-debian-11
    (cd "$private" && apt_get "$@" download libunwind8/bullseye && dpkg-deb -x libunwind8_*.deb unpacked) || return 1
    rm -rf "$libraries"
    mkdir -p "$libraries"
    cp "$private"/unpacked/usr/lib/*/libunwind* "$libraries"
    libraries=$(cd "$libraries" && pwd)
    {
        echo '#!/bin/sh'
        echo "LD_LIBRARY_PATH=$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} exec $(command -v julia) \"\$@\""
    } >"$wrapper"
    chmod +x "$wrapper"
    works "$wrapper"
}
debian_11 || { say "julia: there is no julia on PATH that works, and apt cannot provide one here"; exit 1; }
