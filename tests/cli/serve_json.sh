#!/usr/bin/env bash
# serve_json.sh - JSON that is none, and bodies of other kinds.
# shellcheck source=tests/cli/_serve.sh
. "$(dirname "$0")/_serve.sh"
