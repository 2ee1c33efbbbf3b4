#!/bin/sh
# Sees to what a chore needs beyond cargo: a C compiler (SQLite, zstd, the allocator), for tests also rustfmt and clippy
# and the real programs that tests run (browsers, proxies, clients, Node), for fuzzing also a C++ compiler
# (libFuzzer). What is missing is installed where that is allowed, else named.
# Usage: prepare.sh build|test|fuzz
set -eu

# Prints one line and gives up.
give_up() {
    echo "palisade: $1" >&2
    exit 2
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# Installs Debian packages as root, or with a sudo that asks for no password; fails where neither is possible.
install() {
    has apt-get || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif has sudo && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        return 1
    fi
    echo "palisade: installing $* with apt" >&2
    # shellcheck disable=SC2086
    { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >/dev/null
}

# A compiler without the C library's headers cannot compile, so ask it to.
compiles() {
    echo "#include <$2>" | "$1" -x "$3" -fsyntax-only - 2>/dev/null
}

need_c() {
    compiles cc stdlib.h c && return
    install gcc libc6-dev || give_up "a C compiler is missing; on Debian or Ubuntu: sudo apt-get install gcc libc6-dev"
}

need_cxx() {
    compiles c++ vector c++ && return
    install g++ || give_up "a C++ compiler is missing (libFuzzer needs it); on Debian or Ubuntu: sudo apt-get install g++"
}

need_cargo() {
    has cargo || give_up "cargo is missing; install Rust first: curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y"
    cargo --version >/dev/null 2>&1 || give_up "cargo does not start; choose a toolchain: rustup default stable"
}

# rustup installs them with its default profile, not with the minimal one.
need_components() {
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return
    { has rustup && rustup component add rustfmt clippy >/dev/null; } ||
        give_up "rustfmt or clippy is missing; with rustup: rustup component add rustfmt clippy"
}

# Packages whose program is missing.
missing_programs() {
    while read -r program package; do
        has "$program" || [ -x "/usr/sbin/$program" ] || echo "$package"
    done <<EOF
chromium chromium
chromedriver chromium-driver
firefox-esr firefox-esr
Xvfb xvfb
nginx nginx-light
caddy caddy
curl curl
git git
node nodejs
npm npm
w3m w3m
lynx lynx
links links
dillo dillo
xdotool xdotool
wrk wrk
systemd-analyze systemd
EOF
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

# Without them the tests that run them fail, each naming what it misses; all others pass.
need_programs() {
    missing=$(missing_programs | tr '\n' ' ')
    [ -z "$missing" ] && return
    # shellcheck disable=SC2086
    install $missing ||
        echo "palisade: whole-system tests need programs; on Debian or Ubuntu: sudo apt-get install $missing" >&2
}

need_cargo
need_c
case "${1:-build}" in
    build) ;;
    test) need_components; need_cxx; need_programs ;;
    fuzz) need_cxx ;;
    *) give_up "usage: prepare.sh build|test|fuzz" ;;
esac
