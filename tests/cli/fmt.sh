#!/usr/bin/env bash
# fmt.sh - omost fmt.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Canonical text is its own canonical form, whatever it was read from.
run fmt good.py
want_code 0
want_no_err
want_same out good.py
run fmt reply.txt
want_same out good.py
run fmt - <reply.txt
want_same out good.py

cat >untidy.py <<'END'
canvas=Canvas() # hello
canvas.set_global_description("A " "pond.", ["Still\x20water."], tags="pond, water", HTML_web_color_name = 'TEAL')
canvas.add_local_description('on the left','no offset','a small square area',2.0,'A heron.',
  ("It stands on one leg."), 'heron, bird', 'Quiet.', 'Ink.', 'Fine lines.', 'gray')
END
sed -i 's/("It stands on one leg.")/["It stands on one leg.",]/' untidy.py
run fmt untidy.py -o tidy.py
want_code 0
want_no_out
want_same tidy.py good.py

run fmt --fence good.py -o fenced.txt
want_code 0
{ echo '```python'; cat good.py; echo '```'; } >expected.txt
want_same fenced.txt expected.txt
run check --strict fenced.txt
want_code 0
run fmt fenced.txt
want_same out good.py

# --check names what would change and writes nothing.
cp untidy.py before.py
run fmt --check good.py untidy.py
want_code 5
want_no_out
want_err 'untidy.py: not in canonical form'
grep -q 'good.py' err && fail "good.py is canonical"
want_same untidy.py before.py
run fmt --check good.py
want_code 0
want_no_err
run fmt --check good.py untidy.py broken.py
want_code 1
run fmt --check good.py untidy.py nowhere.py
want_code 3

# --write: in place, whole or not at all.
cp untidy.py a.py
chmod 640 a.py
run fmt -w a.py good.py
want_code 0
want_no_out
want_same a.py good.py
[ "$(stat -c %a a.py)" = 640 ] || fail "--write changed the file's mode"
stamp=$(stat -c %i a.py)
run fmt -w a.py
[ "$(stat -c %i a.py)" = "$stamp" ] || fail "--write replaced a file that was canonical"
cp broken.py b.py
cp untidy.py c.py
run fmt -w b.py c.py # goes on after a refusal
want_code 1
want_same b.py broken.py
want_same c.py good.py

# --write would lose prose, or turn JSON into Python.
cp reply.txt r.txt
run fmt -w r.txt
want_code 1
want_err 'r.txt is a reply'
want_same r.txt reply.txt
run convert good.py -o g.json
cp g.json h.json
run fmt -w h.json
want_code 1
want_err 'h.json is JSON'
want_same h.json g.json

run fmt good.py untidy.py
want_usage 'several files need --write or --check'
run fmt -w -
want_usage 'standard input cannot be written in place'
run fmt -w -o x.py good.py
want_usage 'exclude one another'
[ ! -e x.py ] || fail "x.py was written"
want_no_temporaries .

# A link is written through, not replaced.
cp untidy.py target.py
ln -s target.py link.py
run fmt -w link.py
want_code 0
[ -L link.py ] || fail "the link became a file"
want_same target.py good.py

for f in "$examples"/*.txt "$examples"/*.py "$examples"/*.json; do
    run fmt "$f" -o one.py
    want_code 0
    want_no_err
    run fmt one.py
    want_same out one.py
    run diff --exit-code "$f" one.py
    want_code 0
    want_no_out
done

finish
