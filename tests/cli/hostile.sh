#!/usr/bin/env bash
# hostile.sh - 1 MiB of malice: refused, with a sentence, in little memory.
#
# The bound is on address space: 64 MiB for the work over what the program
# takes for reading one line, which is mostly shared libraries. (bench/ times
# the same inputs; a test that measures time fails for no reason.)
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

mib=1048576
repeat() { # TEXT: 1 MiB of it
    yes "$1" | tr -d '\n' | head -c $mib
}
head_of() { # the start of a call, so that the parser is at work
    printf 'canvas = Canvas()\ncanvas.set_global_description('
}
cut() { # FILE: stdin, cut to 1 MiB
    head -c $mib >"$1"
}

{ head_of; repeat '['; } | cut brackets
{ head_of; repeat '('; } | cut parens
{ head_of; repeat '{'; } | cut braces
{ head_of; printf "'"; repeat 'a'; } | cut string
{ head_of; printf "'''"; repeat "a\\"; } | cut triple
{ head_of; repeat ','; } | cut commas
{ head_of; printf '['; repeat "'',"; } | cut strings
{ head_of; repeat "'' "; } | cut concatenation
{ head_of; printf 'a='; repeat '9'; } | cut digits
{ head_of; repeat 'a='; } | cut keywords
{ head_of; repeat '-'; } | cut minuses
repeat '`' | cut ticks
yes '```python' | cut fences
yes 'canvas = Canvas()' | cut starts
yes 'canvas.add_local_description()' | cut calls
yes '#' | cut comments
yes '' | cut newlines
repeat "\\" | cut backslashes
repeat '[' | cut json-brackets
{ printf '{"a":'; repeat '{"a":'; } | cut json-objects
{ printf '["'; repeat 'a'; } | cut json-string
head -c $mib /dev/urandom >random
repeat "$(printf '\342\200\234')" | cut quotes
{ head_of; printf "'"; repeat '\N{BULLET}'; } | cut named
all='brackets parens braces string triple commas strings concatenation digits keywords minuses
ticks fences starts calls comments newlines backslashes json-brackets json-objects json-string
random quotes named'

base_kib=$(address_space)
if ! is_sanitized && [ "$base_kib" = 0 ]; then
    last='omost check good.py'
    fail "it takes more than 512 MiB"
fi

for name in $all; do
    last="omost check $name"
    (
        [ "$base_kib" = 0 ] || ulimit -v $((base_kib + 65536))
        exec "$omost" check "$name"
    ) >out 2>err
    code=$?
    # "not a canvas", or a limit that was passed before that was certain
    [ "$code" = 1 ] || [ "$code" = 4 ] || fail "exit code $code"
    want_err ': error: '
    [ "$(wc -c <err)" -lt 2000 ] || fail "a complaint of $(wc -c <err) bytes"
    grep -q 'Sanitizer' err && show err
done

finish
