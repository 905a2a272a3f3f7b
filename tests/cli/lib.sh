# lib.sh - what the scripts in tests/cli share; sourced by them.
#
#     . "$(dirname "$0")/lib.sh"
#     run check "$good"              # the program; $code, $tmp/out, $tmp/err
#     want_code 0
#     want_out 'fine: 1 region'      # a fixed text somewhere in it
#     finish
#
# Every script works in a folder of its own ($tmp, also the working folder)
# and goes on after a failure, so that one run shows them all.
# shellcheck shell=bash disable=SC2034

set -u
export LC_ALL=C
unset NO_COLOR

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=${OMOST_SOURCE:-$(cd "$here/../.." && pwd)}
omost=${OMOST_BIN:-$source_dir/build/release/omost}
case $omost in /*) ;; *) omost=$PWD/$omost ;; esac
examples=$source_dir/examples
if [ ! -x "$omost" ]; then
    echo "SKIPPED: no program at $omost (run: make build)"
    exit 77
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

failures=0
last=
code=0

fail() { # WHAT
    echo "FAIL: $last: $1"
    failures=$((failures + 1))
}

show() { # FILE
    sed 's/^/    | /' "$1" | head -20
}

# Run the program; standard input is run's own.
run() { # ARGUMENTS...
    last="omost $*"
    "$omost" "$@" >"$tmp/out" 2>"$tmp/err"
    code=$?
    if grep -q 'Sanitizer' "$tmp/err"; then
        fail "a sanitizer complains"
        show "$tmp/err"
    fi
}

want_code() { # CODE
    [ "$code" = "$1" ] && return
    fail "exit code $code instead of $1"
    show "$tmp/err"
}

want_out() { # TEXT
    grep -qF -e "$1" "$tmp/out" && return
    fail "standard output lacks: $1"
    show "$tmp/out"
}

want_err() { # TEXT
    grep -qF -e "$1" "$tmp/err" && return
    fail "standard error lacks: $1"
    show "$tmp/err"
}

want_no_out() {
    [ ! -s "$tmp/out" ] && return
    fail "there should be nothing on standard output"
    show "$tmp/out"
}

want_no_err() {
    [ ! -s "$tmp/err" ] && return
    fail "there should be nothing on standard error"
    show "$tmp/err"
}

want_same() { # FILE FILE
    cmp -s "$1" "$2" && return
    fail "$1 and $2 differ"
    diff "$1" "$2" 2>&1 | head -10
}

want_no_temporaries() { # FOLDER
    [ -z "$(find "$1" -name '*.tmp')" ] && return
    fail "temporary files are left"
}

# A usage error: code 2, nothing on standard output, where to look for help.
want_usage() { # TEXT
    want_code 2
    want_no_out
    want_err "$1"
    want_err '--help".'
}

is_sanitized() {
    grep -qa '__asan_init' "$omost"
}

# The least address space, in KiB, in which the program reads a small file:
# mostly shared libraries. 0 when that cannot be told (sanitizers take it all).
address_space() {
    local kib
    is_sanitized && echo 0 && return
    for kib in 32768 65536 131072 262144 524288; do
        (ulimit -v $kib && "$omost" check "$good") >/dev/null 2>&1 && echo $kib && return
    done
    echo 0
}

# Small canvases to work on.
good=$tmp/good.py
reply=$tmp/reply.txt
broken=$tmp/broken.py

make_canvases() {
    cat >"$good" <<'END'
# Initialize the canvas
canvas = Canvas()

# Set a global description for the canvas
canvas.set_global_description(
    description='A pond.',
    detailed_descriptions=[
        'Still water.',
    ],
    tags='pond, water',
    HTML_web_color_name='teal',
)

# Add a heron.
canvas.add_local_description(
    location='on the left',
    offset='no offset',
    area='a small square area',
    distance_to_viewer=2.0,
    description='A heron.',
    detailed_descriptions=[
        'It stands on one leg.',
    ],
    tags='heron, bird',
    atmosphere='Quiet.',
    style='Ink.',
    quality_meta='Fine lines.',
    HTML_web_color_name='gray',
)
END
    {
        echo 'Here it is.'
        echo
        echo '```python'
        cat "$good"
        echo '```'
        echo 'Enjoy!'
    } >"$reply"
    cat >"$broken" <<'END'
canvas = Canvas()
canvas.set_global_description(description=open('/etc/passwd'))
END
}
make_canvases

finish() {
    if [ "$failures" -gt 0 ]; then
        echo "$failures failed"
        exit 1
    fi
    echo "ok"
    exit 0
}
