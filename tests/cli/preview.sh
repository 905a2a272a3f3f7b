#!/usr/bin/env bash
# preview.sh - omost preview.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Width and height from a PNG's header.
png_size() { # FILE
    od -An -tu1 -j16 -N8 "$1" |
        awk '{ print $1 * 16777216 + $2 * 65536 + $3 * 256 + $4 "x" \
                     $5 * 16777216 + $6 * 65536 + $7 * 256 + $8 }'
}

is_png() { # FILE
    [ "$(od -An -tx1 -N8 "$1" | tr -d ' \n')" = 89504e470d0a1a0a ] || fail "$1 is not a PNG"
}

want_size() { # FILE WxH
    is_png "$1"
    [ "$(png_size "$1")" = "$2" ] || fail "$1 is $(png_size "$1") instead of $2"
}

run preview good.py -o a.png
want_code 0
want_no_out
want_no_err
want_size a.png 90x90
run preview good.py -o b.png --size 64x96
want_size b.png 64x96
run preview good.py -o b.png --size 128
want_size b.png 128x128
run preview good.py --labels --no-list -o b.png
want_size b.png 1024x1024
run preview good.py --labels -o b.png
want_code 0
is_png b.png
run preview good.py --labels --theme dark -o c.png
want_code 0
cmp -s b.png c.png && fail "--theme changes nothing"

# Format by name, by --format, and to a pipe.
run preview good.py -o a.svg --labels
want_code 0
grep -q '<svg ' a.svg || fail "a.svg is not an SVG"
grep -q 'heron' a.svg || fail "a.svg does not name its region"
run preview good.py -o plain --format svg --labels
want_same plain a.svg
run preview good.py --format svg --labels
want_same out a.svg
run preview good.py
want_same out a.png
run preview - -o - <good.py
want_same out a.png
run preview good.py -o strange.name
want_usage 'strange.name ends neither in .png nor in .svg; add --format png or svg'
run preview good.py -o a.jpg
want_code 2
[ ! -e a.jpg ] || fail "a.jpg was written"
run preview good.py --no-list -o a.png
want_usage '--no-list goes with --labels'

# Never a PNG onto a terminal.
if script -qec true /dev/null >/dev/null 2>&1; then
    last='omost preview on a terminal'
    script -qec "'$omost' preview '$good'; echo code \$?" /dev/null </dev/null >terminal 2>&1
    grep -q 'garble the terminal' terminal || fail "no refusal"
    grep -q 'code 2' terminal || fail "not code 2"
    grep -qa 'IHDR' terminal && fail "a PNG on the terminal"
else
    echo "SKIPPED: PNG onto a terminal (no script(1) here)"
fi

# The same bytes every time; a refusal leaves the old picture.
run preview reply.txt -o again.png
want_same again.png a.png
run preview broken.py -o again.png
want_code 1
want_same again.png a.png
run preview good.py -o nowhere/a.png
want_code 3
want_err 'nowhere/a.png'
want_no_temporaries .

finish
