#!/bin/sh
# Installs what `palisade gym` runs: system packages with apt, Python and Node packages into a folder outside the repository.
# The gym itself never downloads anything. Usage: gym.sh [apt|python|node]; without a word all three.
# PALISADE_GYM names the folder [default: ${XDG_CACHE_HOME:-~/.cache}/palisade-gym].
set -eu
cd "$(dirname "$0")/.."
programs=crates/gym/programs
folder=${PALISADE_GYM:-${XDG_CACHE_HOME:-$HOME/.cache}/palisade-gym}
packages="curl wget apache2-utils wrk siege hey gobuster ffuf wfuzz sqlmap whatweb chromium chromium-driver python3-venv nodejs npm"

# Prints one line and gives up.
give_up() {
    echo "palisade: $1" >&2
    exit 3
}

# A package that this release of the system lacks must not keep the others away.
system() {
    command -v apt-get >/dev/null || give_up "apt-get is missing; install by other means: $packages"
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        give_up "not root; type: sudo apt-get install $packages"
    fi
    $as_root apt-get update >/dev/null
    for package in $packages; do
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
            echo "palisade: $package could not be installed; the gym does without" >&2
    done
}

python() {
    [ -x "$folder/python/bin/python" ] || python3 -m venv "$folder/python"
    "$folder/python/bin/python" -m pip install --quiet --disable-pip-version-check -r "$programs/requirements.txt"
}

node() {
    mkdir -p "$folder/node"
    cp "$programs/package.json" "$folder/node/package.json"
    # The browser is the system's; nothing is downloaded by the packages' own scripts.
    npm install --prefix "$folder/node" --no-audit --no-fund --ignore-scripts --loglevel=error
}

case "${1:-all}" in
    apt) system ;;
    python) python ;;
    node) node ;;
    all) system; python; node ;;
    *) echo "usage: gym.sh [apt|python|node]" >&2; exit 2 ;;
esac
echo "palisade: ready in $folder; see what is there: palisade gym --list"
