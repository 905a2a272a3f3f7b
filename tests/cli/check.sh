#!/usr/bin/env bash
# check.sh - omost check.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

run check good.py
want_code 0
want_no_err
echo 'good.py: fine: 1 region, 2 colours' >expected
want_same out expected

run check - <"$good"
want_code 0
want_out '<stdin>: fine: 1 region, 2 colours'

# A repair is a note, told on standard error and counted in the verdict.
sed "s/'teal'/'teel'/" "$good" >note.py
run check note.py
want_code 0
want_out 'note.py: fine: 1 region, 2 colours, 1 note'
want_err 'note.py:11:25'
want_err ': note: '
want_err 'teal'
want_err '^~'
run check -q note.py
want_code 0
want_no_out
want_no_err

# --strict: the original's rules.
run check --strict reply.txt
want_code 0
want_no_err
run check --strict good.py
want_code 1
want_out 'good.py: refused'
run check good.py
want_code 0

# Several files: all verdicts, the worst code.
run check good.py broken.py note.py
want_code 1
want_out 'good.py: fine'
want_out 'broken.py: refused'
want_out 'note.py: fine'
want_err 'broken.py:2:43: error: '
run check good.py nowhere.py broken.py
want_code 3
want_out 'nowhere.py: not read'
want_err 'omost check: cannot open nowhere.py: No such file or directory'
run check -q good.py broken.py
want_code 1
want_no_out
want_err 'broken.py:2:43: error: '

# JSON: one object a file, on a line of its own.
run check --json good.py note.py broken.py nowhere.py
want_code 3
[ "$(wc -l <out)" = 4 ] || fail "not one line a file"
want_out '"file":"good.py","ok":true,"global":true,"regions":1,"colors":["teal","gray"],"notes":[]'
want_out '"file":"note.py","ok":true'
want_out '"notes":[{"line":11,"col":25,'
want_out '"file":"broken.py","ok":false,"error":{"line":2,"col":43,"message":"'
want_out '"file":"nowhere.py","ok":false,"error":{"line":0,"col":0,"message":"cannot open'
# A name that is not UTF-8 cannot be in JSON, but does not spoil it.
cp good.py "$(printf 'bad\377name.py')"
run check --json "$(printf 'bad\377name.py')"
want_code 0
want_out '{"file":null,"ok":true,'
run check --json "$(printf 'bad\377nowhere.py')"
want_code 3
want_out '{"file":null,"ok":false,"error":{"line":0,"col":0,"message":"a file, model or library'

# What cannot be a canvas at all.
: >empty
run check empty
want_code 1
want_err 'empty'
mkdir folder
run check folder
want_code 3
want_err 'folder is a folder'
head -c 2000 /dev/zero >zeros
run check zeros
want_code 1
head -c 5000 /dev/urandom >noise
run check noise
want_code 1
printf '\377\376c\0a\0n\0v\0a\0s\0' >utf16
run check utf16
want_code 1

finish
