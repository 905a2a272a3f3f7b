#!/usr/bin/env bash
# serve_faults.sh - kill -9, two servers, a full queue, signals in the middle.
# shellcheck source=tests/cli/_serve.sh
. "$(dirname "$0")/_serve.sh"
