#!/usr/bin/env bash
# serve_full.sh - a full disk, a locked database, too little memory.
# shellcheck source=tests/cli/_serve.sh
. "$(dirname "$0")/_serve.sh"
