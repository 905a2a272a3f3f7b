#!/usr/bin/env bash
# serve_hostile.sh - what the studio does with clients that mean no good.
# shellcheck source=tests/cli/_serve.sh
. "$(dirname "$0")/_serve.sh"
