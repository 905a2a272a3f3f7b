# _serve.sh - runs the Python file of the same name as the script that sources it,
# with canvases to replay and folders of its own.
# shellcheck shell=bash disable=SC2154
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/cli/_compose.sh
. "$here/_compose.sh"

export XDG_DATA_HOME=$tmp/share XDG_CACHE_HOME=$tmp/cache OMOST_BIN=$omost
last=$(basename "$0" .sh).py
python3 "$here/$last" || fail "see above"
finish
