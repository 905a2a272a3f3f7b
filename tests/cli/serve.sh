#!/usr/bin/env bash
# serve.sh - the studio's API, route by route.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
run serve --port 70000
want_usage '--port'
run serve --host nowhere.invalid --insecure-no-key --data d
want_code 2
want_err 'nowhere.invalid is no address of this machine'
run serve --host 0.0.0.0 --data d
want_code 2
want_err 'set a key in OMOST_SERVE_KEY'
last='serve_api.py'
python3 "$here/serve_api.py" || fail "see above"
finish
