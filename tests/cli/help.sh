#!/usr/bin/env bash
# help.sh - help texts: complete, within 80 columns, on the right stream.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

commands='check fmt preview plan diff convert render info doctor help'

want_narrow() { # FILE
    awk 'length($0) > 79 { bad = 1 } END { exit bad }' "$1" || fail "$1 is wider than 79 columns"
}

run --help
want_code 0
want_no_err
want_narrow out
for c in $commands; do want_out "  $c "; done
for n in 0 1 2 3 4 5 130; do want_out "  $n  "; done
cp out program-help
run -h
want_same out program-help
run help
want_code 0
want_same out program-help

# Called with nothing: the same text, but as a complaint.
run
want_code 2
want_no_out
want_same err program-help

for c in $commands; do
    run "$c" --help
    want_code 0
    want_no_err
    want_narrow out
    want_out "Usage: omost $c"
    want_out '--help'
    cp out command-help
    run help "$c"
    want_same out command-help
    run "$c" -h
    want_same out command-help
done

# Help is given whatever else stands there.
run preview --help too many files here
want_code 0
run help preview plan
want_usage '"plan" is one argument too many'

run --version
want_code 0
grep -qE '^omost [0-9]+\.[0-9]+\.[0-9]+$' out || fail "a strange version: $(cat out)"
cp out version
run -V
want_same out version

# Every example of a command names that command, and only options it has.
for c in $commands; do
    "$omost" "$c" --help >command-help
    sed -n '/^Examples:/,$p' command-help | grep '^  omost' >lines
    [ -s lines ] || fail "$c has no example"
    grep -oE -e '(^| )--?[a-z-]+' lines | tr -d ' ' | sort -u | while read -r option; do
        sed '/^Examples:/,$d' command-help | grep -qE -e "(^|[ ,])$option([ ,]|$)" ||
            echo "$c: $option"
    done >unknown
    [ ! -s unknown ] || fail "examples with unknown options: $(cat unknown)"
done

finish
