#!/usr/bin/env bash
# serve_full.sh - a full disk, a locked database, too little memory.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
last='serve_full.py'
python3 "$here/serve_full.py" || fail "see above"
finish
