#!/usr/bin/env bash
# diagnostics.sh - what people read when a canvas is not right, word for word.
#
# The cases are in tests/data/cli/diagnostics.test: "-- NAME" and options of
# `omost check`, the input, "== CODE", then all of standard error.
# After a change that is meant: tests/cli/diagnostics.sh --update, and read the
# difference.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

cases=$source_dir/tests/data/cli/diagnostics.test
mkdir cases
awk '
    /^-- / {
        name = sprintf("cases/%03d", ++n)
        split($0, part, / \| /)
        title = substr(part[1], 4)
        print title > (name ".title")
        print part[2] > (name ".args")
        out = name ".in"
        printf "" > out
        next
    }
    /^== / { print $2 > (name ".code"); out = name ".want"; printf "" > out; next }
    out { print > out }
' "$cases"
grep '^#' "$cases" | head -20 >updated

n=0
for args in cases/*.args; do
    name=${args%.args}
    # shellcheck disable=SC2046
    run check -q $(cat "$args") - <"$name.in"
    # shellcheck disable=SC2046
    [ -s err ] || run check $(cat "$args") - <"$name.in"
    last="$(cat "$name.title")"
    {
        echo
        echo "-- $last$(sed 's/^./ | &/' "$args")"
        cat "$name.in"
        echo "== $code"
        cat err
    } >>updated
    n=$((n + 1))
    # An empty line before the next case is no part of this one.
    sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$name.want" >want
    [ "$code" = "$(cat "$name.code")" ] || fail "exit code $code"
    cmp -s err want || {
        fail "other words"
        diff want err | sed 's/^/    | /'
    }
done
[ "$n" -ge 20 ] || fail "only $n cases were found"

if [ "${1:-}" = --update ]; then
    cp updated "$cases"
    echo "updated $cases"
    exit 0
fi
finish
