#!/usr/bin/env bash
# diff.sh - omost diff.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run diff good.py reply.txt
want_code 0
want_no_out
want_no_err
run diff --exit-code good.py reply.txt
want_code 0

sed "s/'on the left'/'on the right'/; s/'gray'/'black'/" good.py >moved.py
run diff good.py moved.py
want_code 0
want_out 'heron'
want_out 'on the right'
want_out 'black'
run diff --exit-code good.py moved.py
want_code 5
want_out 'heron'
run diff --json good.py moved.py
want_code 0
want_out '"place"'
want_out '"HTML_web_color_name"'
run diff --json good.py good.py
want_code 0
[ -s out ] || fail "no JSON when nothing changed"
run diff - moved.py <good.py
want_code 0
want_out 'heron'

# A region more, a region less.
{ cat good.py; sed -n '/add_local/,$p' good.py | sed "s/heron/frog/g; s/on the left/on the bottom/"; } >two.py
run diff good.py two.py
want_code 0
want_out 'frog'
cp out added
run diff two.py good.py
want_out 'frog'
cmp -s out added && fail "added and removed read alike"

# Refusals name the file, both of them when both are bad.
run diff good.py broken.py
want_code 1
want_no_out
want_err 'broken.py:2:'
run diff broken.py nowhere.py
want_code 3
want_err 'broken.py:2:'
want_err 'nowhere.py'
run diff --exit-code good.py broken.py
want_code 1

# The examples: what the edit changed, and nothing else.
run diff "$examples/lighthouse.txt" "$examples/lighthouse-edited.txt"
want_code 0
want_out '+ Gulls'
want_out '+ A grey seal'
want_out '- A small wooden boat'
grep -q 'white lighthouse' out && fail "the lighthouse did not change"
want_out 'indigo'

finish
