# Sourced by the setup scripts. Debian's packages, where this user may install them without being asked.

say() { echo "$*" >&2; }

# as_root COMMAND...: run it as root, or through a sudo that asks nothing; status 1 where neither is possible.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

# apt_get [OPTION...] COMMAND...: quiet until something fails.
apt_get() {
    apt_log=$(mktemp)
    if DEBIAN_FRONTEND=noninteractive as_root apt-get -q -y "$@" >"$apt_log" 2>&1; then
        rm -f "$apt_log"
    else
        tail -n 5 "$apt_log" >&2
        rm -f "$apt_log"
        return 1
    fi
}

# apt_install PACKAGE...: status 1 where there is no apt, no right to use it, or no such package.
apt_install() {
    command -v apt-get >/dev/null && as_root true || return 1
    say "installing $* with apt"
    apt_get install --no-install-recommends "$@" 2>/dev/null ||
        { apt_get update && apt_get install --no-install-recommends "$@"; }
}
