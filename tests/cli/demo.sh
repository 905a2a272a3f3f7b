#!/usr/bin/env bash
# demo.sh - tools/demo makes its pictures and plans, with the transcripts and,
# where these are not at hand, with the examples.
# shellcheck source=tests/cli/lib.sh disable=SC2016  # ` is a fence here
. "$(dirname "$0")/lib.sh"

demo() { # OUT README
    last="tools/demo, README $2"
    OMOST_BIN=$omost OMOST_DEMO_OUT=$1 OMOST_README=$2 "$source_dir/tools/demo" \
        >out 2>err </dev/null
    code=$?
    want_code 0
    [ "$(find "$1" -name '*.png' | wc -l)" = 2 ] || fail "not two PNG files"
    [ "$(find "$1" -name '*.svg' | wc -l)" = 2 ] || fail "not two SVG files"
    [ "$(find "$1" -name '*.plan.json' | wc -l)" = 2 ] || fail "not two plans"
    want_out 'Look at these:'
    want_out '.plan.json   4 regions'
    want_out '.plan.json   5 regions'
}

demo "$tmp/examples" "$tmp/nowhere.md"
want_out 'seal'

# A page as the original's: replies under "### Assistant", other code elsewhere.
{
    echo '# Transcripts'
    for f in lighthouse lighthouse-edited; do
        printf '### User\n\ndraw it\n\n### Assistant\n\n'
        sed -n '/^```python$/,/^```$/p' "$examples/$f.txt"
        echo
    done
    printf '# Symbols\n\n```python\nclass Canvas: pass\n```\n'
} >page.md
demo "$tmp/page" "$tmp/page.md"
want_out 'transcript-2.txt: fine: 5 regions'
sed -n '/^```python$/,/^```$/p' "$examples/lighthouse.txt" >expected
want_same page/transcript-1.txt expected
[ ! -e page/transcript-3.txt ] || fail "code that is no reply was taken for one"

finish
