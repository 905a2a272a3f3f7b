#!/usr/bin/env bash
# options.sh - the command line as users of curl and llama.cpp know it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# Unknown words are answered with the nearest known one.
run chekc "$good"
want_usage 'there is no command "chekc"; did you mean "check"?'
run xyzzy
want_usage 'there is no command "xyzzy"'
grep -q 'did you mean' err && fail "a far-fetched suggestion"
run help previwe
want_usage 'did you mean "preview"?'
run check --srtict "$good"
want_usage 'there is no option --srtict; did you mean --strict?'
run check --stri "$good" # no abbreviations
want_usage 'did you mean --strict?'
run check --frobnicate "$good"
want_usage 'there is no option --frobnicate'
run check -x "$good"
want_usage 'there is no option -x'
run --verison
want_usage 'did you mean --version?'
run --json check "$good"
want_usage 'there is no option --json before the command'
run -
want_usage 'there is no command "-"'

# Operands.
run check
want_usage 'which file? Name one, or - for standard input'
run diff "$good"
want_usage 'BEFORE AFTER are needed, 1 given'
run diff "$good" "$good" "$good"
want_usage 'is one argument too many'
run doctor "$good"
want_usage 'is one argument too many'
run check - - <"$good"
want_usage 'standard input (-) can be read only once'
run diff - - <"$good"
want_usage 'standard input (-) can be read only once'

# All spellings of a value do the same.
"$omost" convert "$good" --to json >expected.json || fail "convert"
for words in '--to json -o a.json' '--to=json -oa.json' '--output=a.json' '--output a.json' \
    '-qoa.json' '-qo a.json' '-o=a.json' '--to comfy --to json -o a.json'; do
    rm -f a.json
    # shellcheck disable=SC2086
    run convert $words "$good"
    want_code 0
    want_same a.json expected.json
    rm -f a.json
    # shellcheck disable=SC2086
    run convert "$good" $words
    want_code 0
    want_same a.json expected.json
done

# "--" ends the options.
cp "$good" ./--strict
run check -- --strict
want_code 0
want_out '--strict: fine'
run check --strict -- --strict # without a fence: refused by --strict
want_code 1
rm ./--strict

# Values that are missing, not wanted or wrong.
run convert "$good" --to
want_usage '--to needs a value: --to FORMAT'
run convert "$good" -o
want_usage '--output (-o) needs a value: --output OUT'
run convert -o --strict "$good"
want_usage 'write --output=--strict if it is meant'
run convert --output= --to json "$good"
want_usage '--output takes an OUT, not nothing'
run check --json=yes "$good"
want_usage '--json takes no value'
run convert --to jsno "$good"
want_usage '--to takes python, reply, json or comfy, not "jsno"'
for size in 0 15 8193 99999999999999999999 64x 64x8193 x64 64x64x64 -64 6.4 '' ' 64' 64,64; do
    run preview --size "$size" -o a.png "$good"
    want_usage '--size takes WIDTHxHEIGHT, or one number for a square, each from 16 to 8192'
done
[ ! -e a.png ] || fail "a file from a wrong command line"

# Control characters from the command line do not reach the terminal.
run check "$(printf -- '--\033[31mred')"
want_code 2
grep -q "$(printf '\033')" err && fail "an escape sequence on standard error"
run check "$(printf 'no\033[31mred.txt')"
want_code 3
grep -q "$(printf '\033')" err && fail "an escape sequence on standard error"

finish
