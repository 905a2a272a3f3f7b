#!/usr/bin/env bash
# docs.sh - every python block of docs/canvas.md is what it says: a canvas, or,
# marked "python refused", none.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

awk '
    /^```python/ { inside = 1; name = ++n ($0 ~ /refused/ ? ".refused" : ".fine"); next }
    /^```$/ { inside = 0 }
    inside { print > name }
' "$source_dir/docs/canvas.md"

ls ./*.fine ./*.refused >/dev/null || fail "no examples found"
for block in ./*.fine; do
    run check "$block"
    want_code 0
done
for block in ./*.refused; do
    run check "$block"
    want_code 1
done
finish
