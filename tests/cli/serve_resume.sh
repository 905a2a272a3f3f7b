#!/usr/bin/env bash
# serve_resume.sh - who comes in the middle, or comes back later.
# shellcheck source=tests/cli/_serve.sh
. "$(dirname "$0")/_serve.sh"
