#!/usr/bin/env bash
# tests/web/run.sh - the page's parts that need no page, by node's own test runner.
set -euo pipefail
command -v node >/dev/null || {
    echo "SKIPPED: node is missing; run: tools/setup test" >&2
    exit 77
}
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || {
    echo "SKIPPED: node is older than 20" >&2
    exit 77
}
cd "$(dirname "${BASH_SOURCE[0]}")"
exec node --test --test-reporter=spec ./*.test.mjs
