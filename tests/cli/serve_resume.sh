#!/usr/bin/env bash
# serve_resume.sh - who comes in the middle, or comes back later.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
last='serve_resume.py'
python3 "$here/serve_resume.py" || fail "see above"
finish
