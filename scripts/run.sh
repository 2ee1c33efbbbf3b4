#!/bin/sh
# `make run`: replays the sample log that is shipped and opens the report.
set -eu
cd "$(dirname "$0")/.."

cargo run --release --package palisade -- replay examples/sample-access.log.gz --report report.html

report="$(pwd)/report.html"
if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null 2>&1; then
    xdg-open "$report" >/dev/null 2>&1 || echo "The report: file://$report"
elif [ "$(uname)" = Darwin ]; then
    open "$report"
else
    echo "The report: file://$report"
fi
