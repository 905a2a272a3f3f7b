#!/usr/bin/env bash
# serve_hostile.sh - what the studio does with clients that mean no good.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
last='serve_hostile.py'
python3 "$here/serve_hostile.py" || fail "see above"
finish
