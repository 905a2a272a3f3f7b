#!/usr/bin/env bash
# serve_json.sh - JSON that is none, and bodies of other kinds.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
last='serve_json.py'
python3 "$here/serve_json.py" || fail "see above"
finish
