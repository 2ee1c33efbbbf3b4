#!/bin/sh
# `make run`: a sample site, defended. `make replay`: judges the sample log that is shipped and opens the report.
# Usage: run.sh [demo|replay]
set -eu
cd "$(dirname "$0")/.."

demo() {
    cargo run --release --package palisade -- demo
}

replay() {
    cargo run --release --package palisade -- replay examples/sample-access.log.gz --report report.html
    report="$(pwd)/report.html"
    if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null 2>&1; then
        xdg-open "$report" >/dev/null 2>&1 || echo "The report: file://$report"
    elif [ "$(uname)" = Darwin ]; then
        open "$report"
    else
        echo "The report: file://$report"
    fi
}

case "${1:-demo}" in
    demo) demo ;;
    replay) replay ;;
    *) echo "usage: run.sh [demo|replay]" >&2; exit 2 ;;
esac
