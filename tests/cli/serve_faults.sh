#!/usr/bin/env bash
# serve_faults.sh - kill -9, two servers, a full queue, signals in the middle.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
last='serve_faults.py'
python3 "$here/serve_faults.py" || fail "see above"
finish
