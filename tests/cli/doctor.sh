#!/usr/bin/env bash
# doctor.sh - omost doctor: the report, and a code that agrees with it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run doctor --quick
[ "$code" = 0 ] || [ "$code" = 3 ] || fail "exit code $code"
want_no_err
want_out 'omost '
want_out 'CLIP vocabulary'
want_out 'font'
want_out 'oneDNN'
want_out 'libllama'
want_out 'ggml'
awk 'length($0) > 79 { exit 1 }' out || fail "wider than 79 columns"
if grep -qE '^  (missing|failed) ' out; then
    want_code 3
    want_out 'run: '
else
    want_code 0
    want_out 'All is well.'
fi
human=$code

run doctor --quick --json
want_code "$human"
want_out '"components": ['
if [ "$code" = 0 ]; then want_out '"ok": true'; else want_out '"ok": false'; fi

# What doctor says of the vocabulary is what plan finds.
if grep -A1 '"name": "CLIP vocabulary"' out | grep -q '"ok"'; then
    run plan -m builtin good.py
    want_code 0
else
    run plan -m builtin good.py
    want_code 3
fi

finish
