#!/usr/bin/env bash
# tests/e2e/run.sh - the program with clients that are not ours before it.
#
#     tests/e2e/run.sh            fetch what is missing, the studio in a browser
#     tests/e2e/run.sh openai     the npm package "openai" as a client; no browser
#     tests/e2e/run.sh --setup    only fetch (tools/setup test does this)
#
# Needs node 20 and npm, the studio a Chromium too (Debian's package, or
# OMOST_CHROMIUM=PROGRAM); playwright-core, axe-core and openai come from npm as
# package-lock.json has them, into the user's cache. What cannot be had is said,
# and the exit status is 77.
#
# Environment: OMOST_BIN, OMOST_GOLDEN (set by CTest), OMOST_SHOTS=DIR keeps the
# screenshots there, OMOST_WEB=DIR serves the page from there instead of the
# program.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/omost

case ${1:-} in
openai) tests=(openai) skipped="no tests with OpenAI's package as a client" ;;
*) tests=(studio page) skipped="no tests of the page in a browser" ;;
esac

skip() {
    printf 'SKIPPED: %s: %s\n' "$skipped" "$*" >&2
    exit 77
}

find_chromium() {
    local name
    for name in "${OMOST_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [ -n "$name" ] && command -v "$name" && return
    done
    return 1
}

sum() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi |
        cut -c1-12
}

# Fetched beside and moved into place, so that two at once do no harm.
fetch_modules() {
    local tmp
    [ "${OMOST_SETUP_OFFLINE:-0}" = 0 ] ||
        skip "OMOST_SETUP_OFFLINE is set and $modules is missing"
    mkdir -p "$cache"
    tmp=$(mktemp -d "$cache/.e2e.XXXXXX")
    cp "$here/package.json" "$here/package-lock.json" "$tmp/"
    if ! (cd "$tmp" && npm ci --ignore-scripts --no-audit --no-fund \
        --fetch-retries=1 --fetch-timeout=60000 >"$cache/e2e.log" 2>&1 </dev/null); then
        rm -rf "$tmp"
        skip "npm ci failed (see $cache/e2e.log)"
    fi
    mv -T "$tmp" "$modules" 2>/dev/null || rm -rf "$tmp"
}

command -v node >/dev/null || skip "node is missing; run: tools/setup test"
command -v npm >/dev/null || skip "npm is missing; run: tools/setup test"
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] ||
    skip "node is older than 20"
modules=$cache/e2e-$(sum "$here/package-lock.json")
[ -d "$modules/node_modules/playwright-core" ] || fetch_modules
chromium=$(find_chromium) || [ "${tests[0]}" = openai ] ||
    skip "there is no Chromium; run tools/setup test, or set OMOST_CHROMIUM"
[ "${1:-}" != --setup ] || exit 0

: "${OMOST_SOURCE:=$(cd "$here/../.." && pwd)}"
: "${OMOST_BIN:=$OMOST_SOURCE/build/release/omost}"
: "${OMOST_GOLDEN:=$OMOST_SOURCE/../shared/golden}"
[ -x "$OMOST_BIN" ] || skip "no program at $OMOST_BIN (run: make build)"
[ -e "$OMOST_GOLDEN/model/model_index.json" ] ||
    skip "no golden model at $OMOST_GOLDEN/model"
export OMOST_SOURCE OMOST_BIN OMOST_GOLDEN
files=()
for name in "${tests[@]}"; do files+=("$here/$name.test.mjs"); done
OMOST_CHROMIUM=$chromium OMOST_MODULES=$modules \
    exec node --test --test-concurrency=1 --test-reporter=spec "${files[@]}"
